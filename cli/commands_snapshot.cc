// labgpu snapshot, snapshots, restore, export.
#include <iostream>
#include <memory>
#include <vector>

#include "cli/container_view.h"
#include "cli/input.h"
#include "cli/local_time.h"
#include "cli/shared_commands.h"
#include "cli/table.h"
#include "cli/work_line.h"
#include "common/byte_size.h"

namespace labgpu {

namespace {

using nlohmann::json;

void print_snapshots(const json& snapshots) {
  Table table({"USER", "SNAPSHOT", "MADE", "SIZE", "NOTE"});
  for (const auto& snapshot : snapshots) {
    table.add({snapshot.at("user"), snapshot.at("name"),
               local_time(snapshot.at("madeUSec").get<uint64_t>()),
               byte_size(snapshot.at("bytes").get<uint64_t>()).c_str(), snapshot.at("note")});
  }
  std::cout << table.render();
}

// --- snapshot ---

struct SnapshotOptions {
  std::string name;
  std::string snapshot;
  std::string note;
};

Result<void> make_snapshot(const CommandLine& line, const SnapshotOptions& options) {
  auto parameters = about(options.name);
  if (!options.snapshot.empty()) parameters["snapshot"] = options.snapshot;
  if (!options.note.empty()) parameters["note"] = options.note;
  auto reply = call_with_work(line, "Snapshot", parameters);
  return show_reply(line, reply,
                    [](const json& made) { print_snapshots(json::array({made.at("snapshot")})); });
}

void add_snapshot(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<SnapshotOptions>();
  auto* command =
      add_query(app, line, "snapshot", "Keep what is in a container now, but for mounts");
  add_name(*command, line, options->name, WithoutName::kIsOwn);
  command->add_option("--name", options->snapshot, "The snapshot's name; the time without it");
  command->add_option("--note", options->note, "A few words about it");
  command->callback([&line, options] {
    line.command = [&line, options] { return make_snapshot(line, *options); };
  });
}

// --- snapshots ---

struct ListOptions {
  std::string name;
  std::string removed;
  bool yes = false;
};

Result<void> list_snapshots(const CommandLine& line, const ListOptions& options) {
  auto reply = call_helper(line, "ListSnapshots", about(options.name));
  return show_reply(line, reply, [](const json& found) { print_snapshots(found.at("snapshots")); });
}

Result<void> remove_snapshot(const CommandLine& line, const ListOptions& options) {
  auto agreed =
      agree(options.yes, "Delete the snapshot " + printable(options.removed) + " for good?",
            "nothing was removed");
  if (!agreed) return agreed;
  auto parameters = about(options.name);
  parameters["snapshot"] = options.removed;
  auto reply = call_helper(line, "RemoveSnapshot", parameters, kContainerTimeout);
  return show_reply(line, reply, [&options](const json&) {
    std::cout << "removed the snapshot " << printable(options.removed) << '\n';
  });
}

void add_snapshots(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<ListOptions>();
  auto* command =
      add_query(app, line, "snapshots", "Snapshots, when they were made, how large they are");
  add_name(*command, line, options->name, WithoutName::kIsAllAccounts);
  auto* removed = command->add_option("--remove", options->removed, "Delete this one");
  command->add_flag("--yes", options->yes, "Do not ask")->needs(removed);
  command->callback([&line, options] {
    line.command = [&line, options] {
      return options->removed.empty() ? list_snapshots(line, *options)
                                      : remove_snapshot(line, *options);
    };
  });
}

// [NAME] WORD; without NAME for who has no other account.
void add_words(CLI::App& command, const CommandLine& line, const std::string& word,
               std::vector<std::string>& words, const std::string& description) {
  auto* option = command.add_option(
      word, words,
      description + (line.is_owners() ? "" : "; before it an account that is not yours"));
  option->required()->expected(1, line.is_owners() ? 1 : 2);
}

// --- restore ---

struct RestoreOptions {
  std::vector<std::string> words;  // [NAME] SNAPSHOT
  bool discard = false;
  bool yes = false;
};

Result<void> restore(const CommandLine& line, const RestoreOptions& options) {
  auto question = "End all sessions and make the container anew from the snapshot " +
                  printable(options.words.back()) + "? What is in it now " +
                  (options.discard ? "is lost." : "becomes a snapshot.");
  auto agreed = agree(options.yes, question, "the container is as it was");
  if (!agreed) return agreed;
  auto parameters = about(options.words.size() == 2 ? options.words.front() : "");
  parameters["snapshot"] = options.words.back();
  parameters["discard"] = options.discard;
  auto reply = call_with_work(line, "Restore", parameters);
  return show_reply(line, reply, [](const json& done) {
    print_containers(json::array({done.at("container")}));
    if (auto saved = done.value("saved", std::string()); !saved.empty()) {
      std::cout << "what was there before is the snapshot " << printable(saved) << '\n';
    }
  });
}

void add_restore(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<RestoreOptions>();
  auto* command = add_query(app, line, "restore", "Make a container anew from a snapshot");
  add_words(*command, line, "SNAPSHOT", options->words, "Its name");
  command->add_flag("--discard", options->discard, "Do not keep what is there now");
  command->add_flag("--yes", options->yes, "Do not ask");
  command->callback(
      [&line, options] { line.command = [&line, options] { return restore(line, *options); }; });
}

// --- export ---

struct ExportOptions {
  std::vector<std::string> words;  // [NAME] FILE
  std::string snapshot;
};

Result<void> export_container(const CommandLine& line, const ExportOptions& options) {
  auto parameters = about(options.words.size() == 2 ? options.words.front() : "");
  parameters["file"] = options.words.back();
  if (!options.snapshot.empty()) parameters["snapshot"] = options.snapshot;
  auto reply = call_with_work(line, "Export", parameters);
  return show_reply(line, reply, [](const json& done) {
    std::cout << "wrote " << printable(done.at("file").get<std::string>()) << '\n';
  });
}

void add_export(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<ExportOptions>();
  auto* command =
      add_query(app, line, "export", "Write what is in a container to a file for docker load");
  add_words(*command, line, "FILE", options->words, "In the home or a data directory");
  command->add_option("--snapshot", options->snapshot, "This snapshot, and not what is there now");
  command->callback([&line, options] {
    line.command = [&line, options] { return export_container(line, *options); };
  });
}

}  // namespace

void add_snapshot_commands(CLI::App& app, CommandLine& line) {
  add_snapshot(app, line);
  add_snapshots(app, line);
  add_restore(app, line);
  add_export(app, line);
}

}  // namespace labgpu
