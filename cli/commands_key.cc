// labgpu key add, list, remove.
#include <iostream>
#include <memory>

#include "cli/command_line.h"
#include "cli/input.h"
#include "cli/key_view.h"

namespace labgpu {

namespace {

using nlohmann::json;

struct KeyOptions {
  std::string name;
  std::string file;
  std::string fingerprint;
};

Result<void> key_add(const CommandLine& line, const KeyOptions& options) {
  auto keys = read_keys(options.file);
  if (!keys) return Failed(keys.error());
  json added = json::array();
  for (const auto& key : *keys) {
    auto reply = call_helper(line, "AddKey", {{"name", options.name}, {"key", key.text}});
    if (!reply) {
      auto error = reply.error();
      if (error.key) error.message = key.place + ": " + error.message;
      if (!added.empty()) {
        error.message += " (" + std::to_string(added.size()) + " of the " +
                         std::to_string(keys->size()) + " keys were added before)";
      }
      return Failed(error);
    }
    added.push_back(reply->at("key"));
  }
  if (line.json) {
    print_json({{"keys", added}});
  } else {
    print_keys(added);
  }
  return {};
}

Result<void> key_list(const CommandLine& line, const KeyOptions& options) {
  auto reply = call_helper(line, "ListKeys", {{"name", options.name}});
  return show_reply(line, reply, [](const json& found) { print_keys(found.at("keys")); });
}

Result<void> key_remove(const CommandLine& line, const KeyOptions& options) {
  auto reply = call_helper(line, "RemoveKey",
                           {{"name", options.name}, {"fingerprint", options.fingerprint}});
  return show_reply(line, reply, [&options](const json&) {
    std::cout << options.name << ": removed " << options.fingerprint << '\n';
  });
}

}  // namespace

void add_key_commands(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<KeyOptions>();
  auto* group =
      app.add_subcommand("key", "Public keys of an account")->require_subcommand(1)->fallthrough();

  auto* add = add_query(*group, line, "add", "Let the owner of a key log in");
  add->add_option("NAME", options->name)->required();
  add->add_option("FILE", options->file, "A file of public keys; - is the standard input")
      ->required();
  add->callback(
      [&line, options] { line.command = [&line, options] { return key_add(line, *options); }; });

  auto* list = add_query(*group, line, "list", "The keys of an account");
  list->add_option("NAME", options->name)->required();
  list->callback(
      [&line, options] { line.command = [&line, options] { return key_list(line, *options); }; });

  auto* remove = add_query(*group, line, "remove", "Take a key away");
  remove->add_option("NAME", options->name)->required();
  remove->add_option("FINGERPRINT", options->fingerprint, "SHA256:… as key list prints it")
      ->required();
  remove->callback(
      [&line, options] { line.command = [&line, options] { return key_remove(line, *options); }; });
}

}  // namespace labgpu
