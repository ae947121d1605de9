// What the session command was called to do.
#include "session/invocation.h"

#include "common/paths.h"

namespace labgpu {

Invocation decide_invocation(int argc, const char* const* argv, const char* original_command) {
  if (argc == 1) return {.valid = true, .login_shell = true};
  if (argc != 3 || std::string_view(argv[1]) != "-c") return {};
  std::string_view command = argv[2];
  if (command != kSessionCommand) return {.valid = true, .command = command};
  if (original_command == nullptr) return {.valid = true, .login_shell = true};
  return {.valid = true, .command = original_command, .took_original_command = true};
}

}  // namespace labgpu
