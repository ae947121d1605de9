// What the session command was called to do.
#include "session/invocation.h"

#include "common/paths.h"

namespace labgpu {

bool is_forced_by_drop_in(int argc, const char* const* argv) {
  return argc == 3 && std::string_view(argv[1]) == "-c" &&
         std::string_view(argv[2]) == kSessionCommand;
}

Invocation decide_invocation(int argc, const char* const* argv, const char* original_command,
                             const char* key_command) {
  if (argc == 1) return {.valid = true, .login_shell = true};
  if (argc != 3 || std::string_view(argv[1]) != "-c") return {};
  if (!is_forced_by_drop_in(argc, argv)) return {.valid = true, .command = argv[2]};
  if (key_command != nullptr) return {.valid = true, .command = key_command};
  if (original_command == nullptr) return {.valid = true, .login_shell = true};
  return {.valid = true, .command = original_command, .took_original_command = true};
}

}  // namespace labgpu
