// Fuzzes the taking apart of users' own commands: what is accepted are words that a program can be
// started with, in the order of the command.
#include "session/own_command.h"

#include <string.h>

#include <string_view>

#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace labgpu;
  using test::promise;
  const std::string_view command(reinterpret_cast<const char*>(data), size);
  CommandWords words;
  const char* problem = words.split(command);
  if (problem != nullptr) {
    promise(*problem != '\0', "a refusal says why");
    return 0;
  }
  promise(words.count() <= CommandWords::kMostWords, "there are no more words than fit");
  promise(words.words()[words.count()] == nullptr, "the words have an end");
  size_t length = 0;
  for (size_t i = 0; i < words.count(); ++i) {
    const std::string_view word = words.words()[i];
    for (char c : word) {
      promise(static_cast<unsigned char>(c) >= 0x20 || c == '\t',
              "words have no control characters");
    }
    length += word.size();
  }
  promise(length <= command.size(), "the words are of the command");
  if (is_own_command(command)) {
    promise(words.count() > 0 && strcmp(words.words()[0], "labgpu") == 0,
            "a command of labgpu's begins with its name");
  }
  return 0;
}
