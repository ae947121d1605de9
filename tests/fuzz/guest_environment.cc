// Fuzzes a container's /etc/environment: what comes of it are variables that execve(2) takes, and
// none of them takes the place of the image's PATH.
#include <string.h>

#include <memory>
#include <string_view>

#include "init/environment.h"
#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using labgpu::test::promise;
  auto environment = std::make_unique<labgpu::Environment>();
  promise(environment->set("PATH=/image"), "there is room for one");
  labgpu::add_environment_file({reinterpret_cast<const char*>(data), size}, *environment);
  bool has_path = false;
  for (char* const* one = environment->pointers(); *one != nullptr; ++one) {
    const char* assigned = strchr(*one, '=');
    promise(assigned != nullptr && assigned != *one, "a variable has a name and a value");
    if (strncmp(*one, "PATH=", 5) == 0) {
      promise(strcmp(*one, "PATH=/image") == 0 && !has_path, "PATH stays the image's");
      has_path = true;
    }
  }
  promise(has_path, "nothing that was there goes");
  return 0;
}
