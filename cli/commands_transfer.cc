// labgpu user import and export: many accounts at once.
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <memory>

#include "cli/command_line.h"
#include "cli/import_file.h"
#include "cli/input.h"
#include "cli/table.h"
#include "common/unique_fd.h"

namespace labgpu {

namespace {

using nlohmann::json;

// A password's hash takes a tenth of a second, on purpose.
constexpr std::chrono::milliseconds kManyTimeout = std::chrono::minutes(30);

// --- import ---

struct ImportOptions {
  std::string file;
  bool dry_run = false;
};

// A line for each user, in the order of the file.
void print_report(const std::vector<ImportEntry>& entries, const json& reply, bool dry_run) {
  Table table({"WHERE", "NAME", "UID", "RESULT"});
  bool imported = reply.at("imported").get<bool>();
  size_t problems = 0;
  for (size_t i = 0; i < entries.size(); ++i) {
    const auto& user = reply.at("users").at(i);
    auto problem = user.value("problem", "");
    problems += problem.empty() ? 0 : 1;
    auto uid = user.contains("uid") ? std::to_string(user.at("uid").get<uint64_t>()) : "";
    auto good = imported ? "added" : "can be added";
    table.add({entries[i].place, user.at("name"), uid, problem.empty() ? good : problem});
  }
  std::cout << table.render();
  if (imported) std::cout << entries.size() << " users added\n";
  if (dry_run && problems == 0) {
    std::cout << entries.size() << " users can be added; nothing was done\n";
  }
}

Result<void> user_import(const CommandLine& line, const ImportOptions& options) {
  auto text = read_text(options.file, "the users");
  if (!text) return Failed(text.error());
  auto entries = parse_import(*text);
  if (!entries) return fail(options.file + ": " + entries.error().message);
  json users = json::array();
  for (const auto& entry : *entries) users.push_back(entry.user);
  bool is_watched = isatty(STDERR_FILENO) != 0 && !options.dry_run;
  if (is_watched) std::cerr << "adding " << entries->size() << " users ...\n";
  auto reply = call_helper(line, "ImportUsers", {{"users", users}, {"dryRun", options.dry_run}},
                           kManyTimeout);
  auto shown = show_reply(
      line, reply, [&](const json& found) { print_report(*entries, found, options.dry_run); });
  if (!shown) return shown;
  const auto& report = reply->at("users");
  auto problems = std::count_if(report.begin(), report.end(),
                                [](const json& user) { return user.contains("problem"); });
  if (problems == 0) return {};
  return fail(options.file + ": " + std::to_string(problems) + " of " +
              std::to_string(report.size()) +
              " users cannot be added, so none was; mend the file and try again");
}

void add_import(CLI::App& group, CommandLine& line) {
  auto options = std::make_shared<ImportOptions>();
  auto* command =
      add_query(group, line, "import", "Make many accounts, all that a file has or none");
  command->add_option("FILE", options->file, "CSV or JSON; - is the standard input")->required();
  command->add_flag("--dry-run", options->dry_run, "Only say what would be done");
  command->callback([&line, options] {
    line.command = [&line, options] { return user_import(line, *options); };
  });
}

// --- export ---

struct ExportOptions {
  std::vector<std::string> names;
  std::string format = "json";
  std::string output;
  bool secrets = false;
};

// For root's eyes: it may have hashes of passwords in it.
Result<void> write_private(const std::string& path, std::string_view text) {
  UniqueFd file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file.valid()) return fail_errno("cannot make the file " + path, errno);
  while (!text.empty()) {
    auto size = write(file.get(), text.data(), text.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) {
      int error = errno;
      unlink(path.c_str());
      return fail_errno("cannot write " + path + ", which is removed again", error);
    }
    text.remove_prefix(static_cast<size_t>(size));
  }
  return {};
}

Result<void> user_export(const CommandLine& line, const ExportOptions& options) {
  if (options.secrets && options.output.empty()) {
    return fail("--secrets wants --output FILE, which is made for root alone", kExitUsage);
  }
  json parameters = {{"secrets", options.secrets}};
  if (!options.names.empty()) parameters["names"] = options.names;
  auto reply = call_helper(line, "ExportUsers", parameters);
  if (!reply) return Failed(reply.error());
  const auto& users = reply->at("users");
  auto text = options.format == "csv" ? export_as_csv(users) : export_as_json(users);
  if (!options.output.empty()) return write_private(options.output, text);
  std::cout << text;
  return {};
}

void add_export(CLI::App& group, CommandLine& line) {
  auto options = std::make_shared<ExportOptions>();
  auto* command = group.add_subcommand("export", "Print accounts as import takes them");
  command->add_option("NAME", options->names, "All accounts when none is named");
  command->add_option("--format", options->format)->check(CLI::IsMember({"json", "csv"}));
  command->add_option("--output", options->output, "A new file, which root alone may read")
      ->type_name("FILE");
  command->add_flag("--secrets", options->secrets, "With the hashes of passwords");
  command->callback([&line, options] {
    line.command = [&line, options] { return user_export(line, *options); };
  });
}

}  // namespace

void add_transfer_commands(CLI::App& group, CommandLine& line) {
  add_import(group, line);
  add_export(group, line);
}

}  // namespace labgpu
