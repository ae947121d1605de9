// Fuzzes the files of `labgpu user import`, CSV and JSON: each entry is an object, from a place
// that can be named, and can be sent to the helper.
#include "cli/import_file.h"

#include <string>

#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using labgpu::test::promise;
  auto entries = labgpu::parse_import(std::string(reinterpret_cast<const char*>(data), size));
  if (!entries) {
    promise(!entries.error().message.empty(), "a refusal says why");
    return 0;
  }
  promise(!entries->empty(), "no users are an error");
  for (const auto& entry : *entries) {
    promise(!entry.place.empty(), "an entry has a place");
    promise(entry.user.is_object(), "an entry is an object");
    promise(!entry.user.dump().empty(), "an entry is JSON that can be sent");
  }
  return 0;
}
