// What the subcommands share, and the parser that holds them.
#include "cli/command_line.h"

#include <unistd.h>

#include <iostream>

#include "cli/table.h"

namespace labgpu {

namespace {

void build_parser(CLI::App& app, CommandLine& line) {
  app.set_version_flag("--version", "labgpu " LABGPU_VERSION);
  app.add_option("--socket", line.socket, "The helper's socket")->capture_default_str();
  app.require_subcommand(1);
  // Lets --socket stand behind the subcommand too.
  app.fallthrough();
  add_user_commands(app, line);
  add_passwd_command(app, line);
  add_key_commands(app, line);
  add_container_commands(app, line);
  add_session_commands(app, line);
  add_gpu_command(app, line);
  add_maintenance_commands(app, line);
  add_setup_command(app, line);
  add_image_commands(app, line);
}

// A message may quote what somebody else made up: it stays one line, and drives no terminal.
int report(const Error& error) {
  std::cerr << "labgpu: " << printable(error.message) << '\n';
  return error.exit_status;
}

int parse_failure(const CLI::App& app, const CLI::ParseError& error) {
  // --help and --version are "errors" of status 0.
  if (error.get_exit_code() == 0) return app.exit(error, std::cout, std::cerr);
  return report({kExitUsage, std::string(error.what()) + "; see labgpu --help"});
}

}  // namespace

Result<nlohmann::json> call_helper(const CommandLine& line, const std::string& method,
                                   const nlohmann::json& parameters,
                                   std::chrono::milliseconds timeout,
                                   const VarlinkClient::OnProgress& on_progress) {
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

int run_command_line(int argc, const char* const* argv) {
  CLI::App app("labgpu: accounts and containers of a shared GPU server", "labgpu");
  CommandLine line;
  build_parser(app, line);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return parse_failure(app, error);
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
