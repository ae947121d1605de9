// A program with the mistakes that sanitisers find, one at a time: faulty leak | overflow |
// use-after-free | none.
#include <stdlib.h>
#include <string.h>

#include <chrono>
#include <thread>

#pragma GCC diagnostic ignored "-Wuse-after-free"

namespace {

char* volatile memory = nullptr;

void leak() {
  memory = static_cast<char*>(malloc(100));
  memory = nullptr;
}

void overflow() {
  volatile int most = __INT_MAX__;
  most = most + 1;
}

int use_after_free() {
  memory = static_cast<char*>(malloc(100));
  free(memory);
  return memory[1];
}

}  // namespace

int main(int argc, char** argv) {
  // As labgpud has them: whoever looks for leaks has to stop other threads.
  std::thread([] { std::this_thread::sleep_for(std::chrono::hours(1)); }).detach();
  const char* mistake = argc == 2 ? argv[1] : "";
  if (strcmp(mistake, "leak") == 0) leak();
  if (strcmp(mistake, "overflow") == 0) overflow();
  if (strcmp(mistake, "use-after-free") == 0) return use_after_free();
  return 0;
}
