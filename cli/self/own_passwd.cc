// labgpu passwd: a user's own password.
#include <iostream>
#include <memory>

#include "cli/input.h"
#include "cli/self/self.h"

namespace labgpu {

namespace {

using nlohmann::json;

Result<void> change_password(const CommandLine& line, bool standard_input) {
  auto name = account_of(line, "");
  if (!name) return Failed(name.error());
  auto passwords = standard_input ? read_own_passwords() : ask_for_own_passwords(*name);
  if (!passwords) return Failed(passwords.error());
  auto reply =
      call_helper(line, "ChangeOwnPassword",
                  {{"oldPassword", passwords->old_one}, {"newPassword", passwords->new_one}});
  return show_reply(line, reply,
                    [&name](const json&) { std::cout << *name << ": the password is changed\n"; });
}

}  // namespace

void add_own_passwd_command(CLI::App& app, CommandLine& line) {
  auto standard_input = std::make_shared<bool>(false);
  auto* command = add_query(app, line, "passwd", "Change your password");
  command->add_flag("--password-stdin", *standard_input,
                    "The first line of the standard input is the old one, the second the new one");
  command->callback([&line, standard_input] {
    line.command = [&line, standard_input] { return change_password(line, *standard_input); };
  });
}

}  // namespace labgpu
