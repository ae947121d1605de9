// labgpu rebuild: the container made anew as the settings are now.
#include <memory>

#include "cli/container_view.h"
#include "cli/input.h"
#include "cli/shared_commands.h"
#include "cli/work_line.h"

namespace labgpu {

namespace {

using nlohmann::json;

struct RebuildOptions {
  std::string name;
  bool keep = false;
  bool fresh = false;
  bool yes = false;
};

Result<void> rebuild(const CommandLine& line, const RebuildOptions& options) {
  std::string question = "End all sessions and make the container anew ";
  question += options.keep ? "with what is in it?"
                           : "from its image? What was installed or changed in it is lost; the "
                             "home and other mounts stay.";
  auto agreed = agree(options.yes, question, "the container is as it was");
  if (!agreed) return agreed;
  auto parameters = about(options.name);
  parameters["keep"] = options.keep;
  auto reply = call_with_work(line, "Rebuild", parameters);
  return show_reply(
      line, reply, [](const json& done) { print_containers(json::array({done.at("container")})); });
}

}  // namespace

void add_rebuild_command(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<RebuildOptions>();
  auto* command =
      add_query(app, line, "rebuild", "Make a container anew, with its settings as they are now");
  add_name(*command, line, options->name, WithoutName::kIsOwn);
  auto* kinds = command->add_option_group("kinds");
  kinds->add_flag("--keep", options->keep, "With all that is in it");
  kinds->add_flag("--fresh", options->fresh,
                  "From the image; only mounts such as the home are kept");
  kinds->require_option(1);
  command->add_flag("--yes", options->yes, "Do not ask");
  command->callback(
      [&line, options] { line.command = [&line, options] { return rebuild(line, *options); }; });
}

}  // namespace labgpu
