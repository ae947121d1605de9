// labgpu user remove: an account alone, or with everything that it had.
#include <iostream>
#include <memory>

#include "cli/command_line.h"
#include "cli/counted.h"
#include "cli/input.h"
#include "cli/status_line.h"
#include "cli/table.h"
#include "common/byte_size.h"

namespace labgpu {

namespace {

constexpr char kRefused[] = "nothing was removed";

using nlohmann::json;

struct RemoveOptions {
  std::string name;
  bool yes = false;
  bool purge = false;
  bool force = false;
};

// --- remove ---

Result<void> remove_account(const CommandLine& line, const RemoveOptions& options) {
  auto agreed = agree(options.yes,
                      "Stop the container of " + printable(options.name) +
                          " and forget the account? Its files are kept.",
                      kRefused);
  if (!agreed) return agreed;
  auto reply = call_helper(line, "RemoveUser", {{"name", options.name}}, kContainerTimeout);
  return show_reply(line, reply, [&options](const json& kept) {
    auto home = kept.at("home").get<std::string>();
    auto container = kept.at("containerName").get<std::string>();
    std::cout << options.name << ": removed\n"
              << "kept: " << printable(home) << '\n';
    if (!container.empty()) {
      std::cout << "kept: container " << container << " (docker rm " << container
                << " deletes it)\n";
    }
    if (kept.at("origin") != "host") return;
    std::cout
        << options.name
        << " stays an account of this server: in a group that has containers, it is here again "
           "from its next login on; in none, it logs in to the server itself\n";
  });
}

// --- remove --purge ---

// "1.5 GiB in 20 files and directories".
std::string contents_of(const json& directory) {
  auto entries = directory.at("entries").get<uint64_t>();
  if (entries == 0) return "not there";
  bool whole = directory.at("counted").get<bool>();
  return std::string(whole ? "" : "at least ") +
         byte_size(directory.at("bytes").get<uint64_t>()).c_str() + " in " +
         counted(entries, "file or directory", "files and directories");
}

std::string container_text(const json& purge) {
  auto name = purge.at("containerName").get<std::string>();
  auto sessions = purge.at("sessions").get<uint64_t>();
  auto text = name.empty() ? "none" : name + ", " + purge.at("containerState").get<std::string>();
  if (sessions > 0) text += ", " + counted(sessions, "session", "sessions") + " open";
  return text;
}

// Exactly what goes, and what stays.
std::string plan_of(const json& purge) {
  Table table;
  table.add({"account", purge.at("name").get<std::string>() + ", uid " +
                            std::to_string(purge.at("uid").get<uint64_t>()) + ", with " +
                            counted(purge.at("keys").get<uint64_t>(), "key", "keys")});
  table.add({"container", container_text(purge)});
  for (const auto& directory : purge.at("directories")) {
    auto path = directory.at("path").get<std::string>();
    table.add(
        {path == purge.at("home") ? "home" : "directory", path + ": " + contents_of(directory)});
  }
  for (const auto& directory : purge.at("kept")) {
    table.add({"kept", directory.get<std::string>()});
  }
  return "This is deleted for good, but for what is kept:\n" + table.render();
}

Result<json> plan_purge(const CommandLine& line, const RemoveOptions& options) {
  StatusLine status;
  status.show("looking at what there is ...");
  return call_helper(line, "PurgeUser",
                     {{"name", options.name}, {"dryRun", true}, {"force", options.force}},
                     kContainerTimeout);
}

Result<json> call_purge(const CommandLine& line, const RemoveOptions& options) {
  StatusLine status;
  auto tell = [&status](const json& told) {
    auto removed = told.value("removed", uint64_t{0});
    status.show("deleted so far: " +
                counted(removed, "file or directory", "files and directories"));
  };
  return call_helper(line, "PurgeUser", {{"name", options.name}, {"force", options.force}},
                     kContainerTimeout, tell);
}

void print_purged(const json& purge) {
  std::cout << printable(purge.at("name").get<std::string>()) << ": removed\n";
  auto container = purge.at("containerName").get<std::string>();
  if (!container.empty()) std::cout << "deleted: container " << printable(container) << '\n';
  for (const auto& directory : purge.at("directories")) {
    std::cout << "deleted: " << printable(directory.at("path").get<std::string>()) << '\n';
  }
  for (const auto& kept : purge.at("kept")) {
    std::cout << "kept: " << printable(kept.get<std::string>()) << '\n';
  }
}

Result<void> purge_account(const CommandLine& line, const RemoveOptions& options) {
  if (!options.yes) {
    auto planned = plan_purge(line, options);
    if (!planned) return Failed(planned.error());
    std::cerr << plan_of(planned->at("purge"));
  }
  auto agreed = agree(options.yes, "Delete all of it?", kRefused);
  if (!agreed) return agreed;
  auto reply = call_purge(line, options);
  return show_reply(line, reply, [](const json& done) { print_purged(done.at("purge")); });
}

}  // namespace

void add_remove_command(CLI::App& group, CommandLine& line) {
  auto options = std::make_shared<RemoveOptions>();
  auto* command =
      add_query(group, line, "remove", "Forget an account; its home and its container are kept");
  command->add_option("NAME", options->name)->required();
  command->add_flag("--yes", options->yes, "Do not ask");
  auto* purge = command->add_flag(
      "--purge", options->purge, "Delete its home, its container and its own data directories too");
  command->add_flag("--force", options->force, "End open sessions")->needs(purge);
  command->callback([&line, options] {
    line.command = [&line, options] {
      return options->purge ? purge_account(line, *options) : remove_account(line, *options);
    };
  });
}

}  // namespace labgpu
