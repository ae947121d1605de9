// labgpu user add, list, show, set.
#include <iostream>
#include <memory>

#include "cli/command_line.h"
#include "cli/container_view.h"
#include "cli/input.h"
#include "cli/table.h"
#include "cli/user_view.h"

namespace labgpu {

namespace {

using nlohmann::json;

// --- add ---

struct AddOptions {
  std::string name;
  std::vector<std::string> key_files;
  bool password = false;
  bool generate_password = false;
  std::string image;
  std::string real_name;
  std::string expires;
};

Result<std::vector<KeyLine>> read_all_keys(const AddOptions& options) {
  std::vector<KeyLine> keys;
  for (const auto& file : options.key_files) {
    if (file == "-" && options.password) {
      return fail("the standard input cannot be the key and the password too", kExitUsage);
    }
    auto read = read_keys(file);
    if (!read) return read;
    keys.insert(keys.end(), read->begin(), read->end());
  }
  return keys;
}

Result<json> add_parameters(const AddOptions& options, const std::vector<KeyLine>& keys) {
  json parameters = {{"name", options.name}};
  for (const auto& key : keys) parameters["authorizedKeys"].push_back(key.text);
  if (!options.image.empty()) parameters["image"] = options.image;
  if (!options.real_name.empty()) parameters["realName"] = options.real_name;
  if (!options.expires.empty()) parameters["notAfter"] = options.expires;
  if (options.generate_password) parameters["generatePassword"] = true;
  if (options.password) {
    auto password = read_password(options.name);
    if (!password) return Failed(password.error());
    parameters["password"] = *password;
  }
  return parameters;
}

void print_added(const json& user) {
  auto name = user.at("name").get<std::string>();
  std::cout << name << ": added, uid " << user.at("uid") << ", home "
            << printable(user.at("home").get<std::string>()) << '\n';
  if (user.at("keys").empty() && !user.at("hasPassword").get<bool>()) {
    std::cout << name << " cannot log in yet; give a key: labgpu key add " << name << " FILE\n";
  }
}

Result<void> user_add(const CommandLine& line, const AddOptions& options) {
  auto keys = read_all_keys(options);
  if (!keys) return Failed(keys.error());
  auto parameters = add_parameters(options, *keys);
  if (!parameters) return Failed(parameters.error());
  auto reply = call_helper(line, "AddUser", *parameters);
  if (!reply && reply.error().key && *reply.error().key < keys->size()) {
    return fail(keys->at(*reply.error().key).place + ": " + reply.error().message);
  }
  return show_reply(line, reply, [&options](const json& found) {
    print_added(found.at("user"));
    if (options.generate_password) print_generated_password(options.name, found);
  });
}

void add_add(CLI::App& group, CommandLine& line) {
  auto options = std::make_shared<AddOptions>();
  auto* command = add_query(group, line, "add", "Make an account and its home directory");
  command->add_option("NAME", options->name, "a-z, 0-9, _ and -; 32 at most")->required();
  command->add_option("--key", options->key_files, "A file of public keys; - is the standard input")
      ->type_name("FILE")
      ->allow_extra_args(false);
  auto* password = command->add_flag("--password-stdin", options->password,
                                     "The first line of the standard input is the password");
  command
      ->add_flag("--generate-password", options->generate_password,
                 "Make a password, show it, and have it changed at the first login")
      ->excludes(password);
  command->add_option("--image", options->image, "Docker image of the container");
  command->add_option("--real-name", options->real_name, "The person's name");
  command->add_option("--expires", options->expires, "No login after this, such as 2026-12-31")
      ->type_name("DATE");
  command->callback(
      [&line, options] { line.command = [&line, options] { return user_add(line, *options); }; });
}

// --- list, show ---

Result<void> user_list(const CommandLine& line) {
  auto reply = call_helper(line, "ListUsers", json::object());
  return show_reply(line, reply, [](const json& found) { print_users(found.at("users")); });
}

Result<void> user_show(const CommandLine& line, const std::string& name) {
  auto reply = call_helper(line, "GetUser", {{"name", name}});
  return show_reply(line, reply, [](const json& found) { print_user(found.at("user")); });
}

void add_list_and_show(CLI::App& group, CommandLine& line) {
  auto* list = add_query(group, line, "list", "All accounts");
  list->callback([&line] { line.command = [&line] { return user_list(line); }; });

  auto name = std::make_shared<std::string>();
  auto* show = add_query(group, line, "show", "One account, its settings and its keys");
  show->add_option("NAME", *name)->required();
  show->callback(
      [&line, name] { line.command = [&line, name] { return user_show(line, *name); }; });
}

// --- set ---

struct SetOptions {
  std::string name;
  std::vector<std::string> assignments;
  bool password = false;
  bool no_password = false;
};

Result<void> user_set(const CommandLine& line, const SetOptions& options) {
  if (options.assignments.empty() && !options.password && !options.no_password) {
    return fail("say what to set for " + options.name + ", as KEY=VALUE", kExitUsage);
  }
  for (const auto& assignment : options.assignments) {
    if (assignment.find('=') == std::string::npos || assignment[0] == '=') {
      return fail("\"" + assignment + "\" is not KEY=VALUE", kExitUsage);
    }
  }
  json parameters = {{"name", options.name}, {"assignments", options.assignments}};
  if (options.no_password) parameters["password"] = "";
  if (options.password) {
    auto password = read_password(options.name);
    if (!password) return Failed(password.error());
    parameters["password"] = *password;
  }
  auto reply = call_helper(line, "SetUser", parameters);
  return show_reply(line, reply, [](const json& found) {
    print_user(found.at("user"));
    print_change(found);
  });
}

void add_set(CLI::App& group, CommandLine& line) {
  auto options = std::make_shared<SetOptions>();
  auto* command =
      add_query(group, line, "set", "Change an account or what its container is made from");
  command->add_option("NAME", options->name)->required();
  command->add_option("KEY=VALUE", options->assignments, "An empty VALUE goes back to the default");
  auto* password = command->add_flag("--password-stdin", options->password,
                                     "The first line of the standard input is the new password");
  command->add_flag("--no-password", options->no_password, "End logins by password")
      ->excludes(password);
  command->callback(
      [&line, options] { line.command = [&line, options] { return user_set(line, *options); }; });
}

}  // namespace

void add_user_commands(CLI::App& app, CommandLine& line) {
  auto* group = app.add_subcommand("user", "Accounts")->require_subcommand(1)->fallthrough();
  add_add(*group, line);
  add_list_and_show(*group, line);
  add_set(*group, line);
  add_remove_command(*group, line);
  add_transfer_commands(*group, line);
}

}  // namespace labgpu
