// What the subcommands share.
#include "cli/command.h"

#include <unistd.h>

#include <iostream>

#include "cli/table.h"

namespace labgpu {

namespace {

// A message may quote what somebody else made up: it stays one line, and drives no terminal.
int report(const Error& error) {
  std::cerr << "labgpu: " << printable(error.message) << '\n';
  return error.exit_status;
}

// CLI11 says that a command is missing where a word stands that is none.
std::string what_is_wrong(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App* group = &app;
  while (!group->get_subcommands().empty()) group = group->get_subcommands().back();
  const auto unknown = app.remaining(true);
  bool is_missing = group->get_require_subcommand_min() > 0 && error.get_name() == "RequiredError";
  if (!is_missing || unknown.empty()) return error.what();
  if (unknown.front().starts_with('-')) return "there is no option \"" + unknown.front() + '"';
  return "there is no command \"" + (group == &app ? "" : group->get_name() + ' ') +
         unknown.front() + '"';
}

int parse_failure(const CLI::App& app, const CommandLine& line, const CLI::ParseError& error) {
  // --help and --version are "errors" of status 0.
  if (error.get_exit_code() == 0) return app.exit(error, std::cout, std::cerr);
  const char* help = line.is_owners() ? "; see labgpu help" : "; see labgpu --help";
  return report({kExitUsage, what_is_wrong(app, error) + help});
}

}  // namespace

Result<nlohmann::json> call_helper(const CommandLine& line, const std::string& method,
                                   const nlohmann::json& parameters,
                                   std::chrono::milliseconds timeout,
                                   const VarlinkClient::OnProgress& on_progress) {
  if (line.connection) return line.connection->call(method, parameters, timeout, on_progress);
  auto client = VarlinkClient::connect(line.socket);
  if (!client) return Failed(client.error());
  return client->call(method, parameters, timeout, on_progress);
}

Failed bad_reply(const std::string& method) {
  return fail("labgpud's answer to " + method +
                  " lacks a field; labgpu and labgpud may be of different versions",
              kExitUnavailable);
}

Result<void> require_root() {
  if (geteuid() != 0) return fail("only root may do that; try it with sudo");
  return {};
}

void print_json(const nlohmann::json& value) {
  std::cout << value.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
}

Result<void> show_reply(const CommandLine& line, const Result<nlohmann::json>& reply,
                        const std::function<void(const nlohmann::json&)>& print) {
  if (!reply) return Failed(reply.error());
  if (line.json) {
    print_json(*reply);
  } else {
    print(*reply);
  }
  return {};
}

CLI::App* add_query(CLI::App& parent, CommandLine& line, const std::string& name,
                    const std::string& description) {
  auto* command = parent.add_subcommand(name, description);
  command->add_flag("--json", line.json, "Print the helper's reply as JSON");
  return command;
}

void add_name(CLI::App& command, const CommandLine& line, std::string& name, WithoutName without) {
  if (line.is_owners()) return;
  if (without == WithoutName::kIsWrong) {
    command.add_option("NAME", name)->required();
  } else {
    bool is_own = without == WithoutName::kIsOwn;
    command.add_option("NAME", name,
                       is_own ? "The account; your own without it" : "All accounts without it");
  }
}

Result<std::string> account_of(const CommandLine& line, const std::string& given) {
  if (!line.is_owners()) return given;
  auto reply = call_helper(line, "GetUser", nlohmann::json::object());
  if (!reply) return Failed(reply.error());
  return reply->at("user").at("name").get<std::string>();
}

int run_command(CLI::App& app, const CommandLine& line, int argc, const char* const* argv) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return parse_failure(app, line, error);
  }
  Result<void> done;
  try {
    done = line.command();
  } catch (const nlohmann::json::exception&) {
    // A field of another type than the interface says; parsing itself never throws.
    done = bad_reply("the request");
  }
  if (!done) return report(done.error());
  std::cout.flush();
  if (!std::cout) return report({kExitFailed, "cannot write the output"});
  return 0;
}

}  // namespace labgpu
