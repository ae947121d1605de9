// labgpu passwd: sets an account's password, or says what becomes of it. Options as of passwd(1).
#include <iostream>
#include <memory>

#include "cli/command_line.h"
#include "cli/input.h"

namespace labgpu {

namespace {

using nlohmann::json;

struct PasswdOptions {
  std::string name;
  bool standard_input = false;
  bool generate = false;
  bool remove = false;
  bool lock = false;
  bool unlock = false;
  bool expire = false;

  [[nodiscard]] bool only_expires() const {
    return expire && !standard_input && !generate && !remove && !lock && !unlock;
  }
};

Result<json> passwd_parameters(const PasswdOptions& options) {
  json parameters = {{"name", options.name}};
  if (options.expire) parameters["changeNow"] = true;
  if (options.only_expires()) return parameters;
  if (options.generate) {
    parameters["generate"] = true;
  } else if (options.remove) {
    parameters["password"] = "";
  } else if (options.lock || options.unlock) {
    parameters["locked"] = options.lock;
  } else {
    auto password =
        options.standard_input ? read_password(options.name) : ask_for_new_password(options.name);
    if (!password) return Failed(password.error());
    parameters["password"] = *password;
  }
  return parameters;
}

void print_done(const PasswdOptions& options, const json& reply) {
  const auto& name = options.name;
  if (options.generate) {
    print_generated_password(name, reply);
  } else if (options.remove) {
    std::cout << name << ": no logins by password\n";
  } else if (options.lock || options.unlock) {
    std::cout << name << ": the password is " << (options.lock ? "locked" : "good again") << '\n';
  } else if (!options.only_expires()) {
    std::cout << name << ": the password is set\n";
  }
  if (options.expire && !options.generate) {
    std::cout << name << ": it has to be changed at the next login by password\n";
  }
}

Result<void> passwd(const CommandLine& line, const PasswdOptions& options) {
  auto parameters = passwd_parameters(options);
  if (!parameters) return Failed(parameters.error());
  auto reply = call_helper(line, "SetPassword", *parameters);
  return show_reply(line, reply, [&options](const json& found) { print_done(options, found); });
}

}  // namespace

void print_generated_password(const std::string& name, const json& reply) {
  std::cout << name
            << "'s password, shown this once: " << reply.at(kGeneratedPassword).get<std::string>()
            << '\n';
  if (reply.at("user").value("passwordChangeNow", false)) {
    std::cout << "It has to be changed at the first login by password.\n";
  }
}

void add_passwd_command(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<PasswdOptions>();
  auto* command = add_query(app, line, "passwd", "Set an account's password");
  command->add_option("NAME", options->name)->required();
  // At most one of these; without any the password is asked for.
  auto* ways = command->add_option_group("what to do")->require_option(0, 1);
  ways->add_flag("--stdin", options->standard_input,
                 "The first line of the standard input is the password");
  ways->add_flag("--generate", options->generate,
                 "Make one, show it, and have it changed at the first login");
  ways->add_flag("-d,--delete", options->remove, "End logins by password");
  ways->add_flag("-l,--lock", options->lock, "The password opens nothing until it is unlocked");
  ways->add_flag("-u,--unlock", options->unlock, "It does again");
  command->add_flag("-e,--expire", options->expire,
                    "It has to be changed at the next login; with --stdin, the new one");
  command->callback([&line, options] {
    line.command = [&line, options]() -> Result<void> {
      if (options->expire && (options->remove || options->lock || options->unlock)) {
        return fail("--expire goes with --stdin and --generate, or alone", kExitUsage);
      }
      return passwd(line, *options);
    };
  });
}

}  // namespace labgpu
