// labgpu keys: the keys that an administrator gave a user.
#include "cli/key_view.h"
#include "cli/self/self.h"

namespace labgpu {

void add_own_keys_command(CLI::App& app, CommandLine& line) {
  auto* command = add_query(app, line, "keys",
                            "Keys that the administrator gave you, beside ~/.ssh/authorized_keys");
  command->callback([&line] {
    line.command = [&line] {
      auto reply = call_helper(line, "ListKeys", nlohmann::json::object());
      return show_reply(line, reply,
                        [](const nlohmann::json& found) { print_keys(found.at("keys")); });
    };
  });
}

}  // namespace labgpu
