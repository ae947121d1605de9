// labgpu adopt: a container that the group runs already becomes an account's.
#include <iostream>
#include <memory>

#include "cli/command_line.h"
#include "cli/container_view.h"
#include "cli/input.h"
#include "cli/table.h"
#include "cli/work_line.h"

namespace labgpu {

namespace {

using nlohmann::json;

struct AdoptOptions {
  std::string name;
  std::string container;
  bool dry_run = false;
  bool skip_mounts = false;
  bool yes = false;
};

void print_plan(const json& adoption) {
  Table table;
  bool runs = adoption.at("runs").get<bool>();
  table.add({"container", adoption.at("container").get<std::string>() +
                              (runs ? ", which is stopped" : ", stopped")});
  table.add({"image", adoption.at("image")});
  table.add({"hostname", adoption.at("hostname")});
  for (const auto& [name, value] : adoption.at("env").items()) {
    table.add({"variable", name + "=" + value.get<std::string>()});
  }
  for (const auto& name : adoption.at("leftOut")) {
    table.add({"left out", "variable " + name.get<std::string>()});
  }
  for (const auto& mount : adoption.at("mounts")) {
    table.add({"mount", mount.at("source").get<std::string>() + ":" +
                            mount.at("target").get<std::string>() +
                            (mount.at("readOnly").get<bool>() ? ":ro" : "")});
  }
  for (const auto& mount : adoption.at("refused")) {
    table.add({"left out", "mount " + mount.at("target").get<std::string>() + " " +
                               mount.at("why").get<std::string>()});
  }
  std::cout << table.render();
}

json parameters_of(const AdoptOptions& options, bool dry_run) {
  return {{"name", options.name},
          {"container", options.container},
          {"dryRun", dry_run},
          {"skipMounts", options.skip_mounts}};
}

Result<void> adopt(const CommandLine& line, const AdoptOptions& options) {
  if (options.dry_run) {
    auto reply = call_helper(line, "Adopt", parameters_of(options, true), kContainerTimeout);
    return show_reply(line, reply, [](const json& found) { print_plan(found.at("adoption")); });
  }
  auto agreed =
      agree(options.yes,
            "Stop the container " + printable(options.container) + " and make the container of " +
                printable(options.name) + " of what is in it?",
            "nothing was adopted");
  if (!agreed) return agreed;
  auto reply = call_with_work(line, "Adopt", parameters_of(options, false));
  return show_reply(line, reply, [](const json& done) {
    print_containers(json::array({done.at("container")}));
    print_plan(done.at("adoption"));
    std::cout << "the old container is kept; when all is well, docker rm removes it\n";
  });
}

}  // namespace

void add_adopt_command(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<AdoptOptions>();
  auto* command =
      add_query(app, line, "adopt", "Make an account's container of one that labgpu did not make");
  command->add_option("NAME", options->name, "An account without a container")->required();
  command->add_option("CONTAINER", options->container, "As docker ps names it")->required();
  command->add_flag("--dry-run", options->dry_run, "Only show what would be taken over");
  command->add_flag("--skip-mounts", options->skip_mounts,
                    "Go on without the mounts that labgpu gives no container");
  command->add_flag("--yes", options->yes, "Do not ask");
  command->callback(
      [&line, options] { line.command = [&line, options] { return adopt(line, *options); }; });
}

}  // namespace labgpu
