// labgpu user import and export: many accounts at once.
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <iostream>
#include <memory>
#include <optional>

#include "cli/command_line.h"
#include "cli/csv.h"
#include "cli/import_file.h"
#include "cli/input.h"
#include "cli/private_file.h"
#include "cli/status_line.h"
#include "cli/table.h"

namespace labgpu {

namespace {

using nlohmann::json;

// A password's hash takes a tenth of a second, on purpose.
constexpr std::chrono::milliseconds kManyTimeout = std::chrono::minutes(30);

// --- import ---

struct ImportOptions {
  std::string file;
  bool dry_run = false;
  bool generate_passwords = false;
  bool keep_passwords = false;
  std::string passwords_file;
};

json import_parameters(const std::vector<ImportEntry>& entries, const ImportOptions& options) {
  json users = json::array();
  for (const auto& entry : entries) {
    users.push_back(entry.user);
    bool says = entry.user.contains("passwordChangeNow");
    if (options.keep_passwords && !says) users.back()["passwordChangeNow"] = false;
  }
  return {{"users", users},
          {"dryRun", options.dry_run},
          {"generatePasswords", options.generate_passwords}};
}

bool has_passwords(const json& reply) {
  const auto& users = reply.at("users");
  return std::any_of(users.begin(), users.end(),
                     [](const json& user) { return user.contains(kGeneratedPassword); });
}

// A line for each user, in the order of the file.
void print_report(const std::vector<ImportEntry>& entries, const json& reply, bool dry_run) {
  bool shows_passwords = has_passwords(reply);
  std::vector<std::string> headings{"WHERE", "NAME", "UID"};
  if (shows_passwords) headings.emplace_back("PASSWORD");
  headings.emplace_back("RESULT");
  Table table(headings);
  bool imported = reply.at("imported").get<bool>();
  size_t problems = 0;
  for (size_t i = 0; i < entries.size(); ++i) {
    const auto& user = reply.at("users").at(i);
    auto problem = user.value("problem", "");
    problems += problem.empty() ? 0 : 1;
    auto uid = user.contains("uid") ? std::to_string(user.at("uid").get<uint64_t>()) : "";
    auto good = imported ? "added" : "can be added";
    std::vector<std::string> row{entries[i].place, user.at("name"), uid};
    if (shows_passwords) row.push_back(user.value(kGeneratedPassword, ""));
    row.push_back(problem.empty() ? good : problem);
    table.add(std::move(row));
  }
  std::cout << table.render();
  if (imported) std::cout << entries.size() << " users added\n";
  if (shows_passwords) std::cout << "nobody sees these passwords again\n";
  if (dry_run && problems == 0) {
    std::cout << entries.size() << " users can be added; nothing was done\n";
  }
}

// From the reply into the file. When that fails they stay in the reply, which is shown.
Result<void> move_passwords(PrivateFile& file, json& reply) {
  auto table = csv_row({"name", "password"});
  for (const auto& user : reply.at("users")) {
    if (!user.contains(kGeneratedPassword)) continue;
    table += csv_row({user.at("name"), user.at(kGeneratedPassword)});
  }
  if (auto written = file.write(table); !written) return written;
  for (auto& user : reply.at("users")) user.erase(kGeneratedPassword);
  return {};
}

Result<void> check_passwords_options(const ImportOptions& options) {
  if (options.generate_passwords) return {};
  if (!options.keep_passwords && options.passwords_file.empty()) return {};
  return fail("--no-expire and --passwords-file go with --generate-passwords", kExitUsage);
}

// The file for the passwords before there are any: afterwards it would be too late.
Result<std::optional<PrivateFile>> passwords_file(const ImportOptions& options) {
  if (options.passwords_file.empty() || options.dry_run) return std::nullopt;
  auto file = PrivateFile::make(options.passwords_file);
  if (!file) return Failed(file.error());
  return std::optional<PrivateFile>(std::move(*file));
}

// "importing 57/200".
void show_progress(StatusLine& status, const json& told) {
  auto found = told.find("progress");
  if (found == told.end()) return;
  auto step = found->value("step", "");
  std::string doing = step == "checking"  ? "checking"
                      : step == "hashing" ? "hashing passwords"
                                          : "importing";
  status.show(doing + " " + std::to_string(found->value("done", uint64_t{0})) + "/" +
              std::to_string(found->value("total", uint64_t{0})));
}

Result<json> call_import(const CommandLine& line, const json& parameters) {
  StatusLine status;
  return call_helper(line, "ImportUsers", parameters, kManyTimeout,
                     [&status](const json& told) { show_progress(status, told); });
}

Result<void> user_import(const CommandLine& line, const ImportOptions& options) {
  if (auto fits = check_passwords_options(options); !fits) return fits;
  auto text = read_text(options.file, "the users");
  if (!text) return Failed(text.error());
  auto entries = parse_import(*text);
  if (!entries) return fail(options.file + ": " + entries.error().message);
  auto file = passwords_file(options);
  if (!file) return Failed(file.error());
  auto reply = call_import(line, import_parameters(*entries, options));
  Result<void> written;
  if (reply && *file && has_passwords(*reply)) written = move_passwords(**file, *reply);
  auto shown = show_reply(
      line, reply, [&](const json& found) { print_report(*entries, found, options.dry_run); });
  if (!shown) return shown;
  if (!written) return written;
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
  command->add_flag(
      "--generate-passwords", options->generate_passwords,
      "Make one for each user without, show it, and have it changed at the first login");
  command->add_flag("--no-expire", options->keep_passwords, "Those need not be changed");
  command
      ->add_option("--passwords-file", options->passwords_file,
                   "Write them to a new file, which root alone may read, and show none")
      ->type_name("FILE");
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
  if (options.output.empty()) {
    std::cout << text;
    return {};
  }
  auto file = PrivateFile::make(options.output);
  if (!file) return Failed(file.error());
  return file->write(text);
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
