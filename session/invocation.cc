// What the session command was called to do.
#include "session/invocation.h"

#include "common/paths.h"

namespace labgpu {

namespace {

// Null when there is none.
const char* command_argument(int argc, const char* const* argv) {
  if (argc < 3 || argc > 4 || std::string_view(argv[1]) != "-c") return nullptr;
  if (argc == 3) return argv[2];
  return std::string_view(argv[2]) == "--" ? argv[3] : nullptr;
}

}  // namespace

bool is_forced_by_drop_in(int argc, const char* const* argv) {
  const char* command = command_argument(argc, argv);
  return command != nullptr && std::string_view(command) == kSessionCommand;
}

Invocation decide_invocation(int argc, const char* const* argv, const char* original_command,
                             const char* key_command) {
  if (argc == 1) return {.valid = true, .login_shell = true};
  const char* command = command_argument(argc, argv);
  if (command == nullptr) return {};
  if (!is_forced_by_drop_in(argc, argv)) return {.valid = true, .command = command};
  if (key_command != nullptr) return {.valid = true, .command = key_command};
  if (original_command == nullptr) return {.valid = true, .login_shell = true};
  return {.valid = true, .command = original_command, .took_original_command = true};
}

}  // namespace labgpu
