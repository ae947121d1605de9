// Fuzzes a user's authorized_keys as the session command reads it: the answer is the same with a
// comment before it, and what was not found stays unwritten.
#include "session/key_command.h"

#include <string>
#include <string_view>

#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace labgpu;
  using test::promise;
  constexpr std::string_view kKey = "ssh-ed25519 AAAAC3mine";
  static KeyCommandText first;
  static KeyCommandText second;
  first.clear();
  second.clear();
  const std::string file(reinterpret_cast<const char*>(data), size);
  auto found = find_key_command(file, kKey, first);
  promise(found == KeyCommand::kForced || first.view().empty(), "nothing is written but a command");
  promise(found == KeyCommand::kNotListed || file.find("AAAAC3mine") != std::string::npos,
          "a key that is not there is not found");
  auto again = find_key_command("# comment\n" + file, kKey, second);
  promise(again == found && second.view() == first.view(), "a comment changes nothing");
  return 0;
}
