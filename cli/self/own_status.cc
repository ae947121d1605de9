// labgpu status: what a user wants to know of their container, most of all when it does not run.
#include <cstdint>
#include <iostream>
#include <string>

#include "cli/container_view.h"
#include "cli/local_time.h"
#include "cli/self/self.h"
#include "cli/table.h"

namespace labgpu {

namespace {

using nlohmann::json;

// Docker may hang. What labgpud knows for itself it tells at once.
constexpr std::chrono::milliseconds kDockerTimeout{8000};

std::string state_of(const json& container) {
  auto state = container.at("state").get<std::string>();
  if (state == "absent") return "none yet; your next login makes it, or: labgpu start";
  if (state == "unknown") return "unknown: Docker does not answer; tell the administrator";
  auto since = started_text(container);
  return since.empty() ? state : state + " since " + since;
}

// Values that the settings have, as an administrator would set them; those without a limit are
// left out.
void add_settings(const json& user, Table& table) {
  for (const auto& setting : user.at("view")) {
    auto key = setting.at("key").get<std::string>();
    auto value = setting.at("value").get<std::string>();
    bool shown = key == "image" || key == "gpus" || key == "memory" || key == "cpus" ||
                 key == "pids" || key == "max_sessions" || key == "ports";
    if (shown && !value.empty()) table.add({key, value});
  }
}

void print_start(const json& container) {
  auto fetching = container.value("fetching", "");
  if (!fetching.empty()) {
    std::cout << "The image " << printable(fetching) << " is being fetched now.\n";
  } else if (container.value("starting", false)) {
    std::cout << "It is being started now.\n";
  }
  if (!container.contains("failure")) return;
  auto failure = container.at("failure").get<std::string>();
  std::cout << "It could not be started (" << local_time(container.value("failedUSec", uint64_t{0}))
            << "): " << printable(failure) << '\n';
}

void print_own_status(const json& found) {
  const auto& user = found.at("user");
  bool has_container = found.contains("container");
  Table table;
  table.add({"account", user.at("name")});
  table.add({"container", has_container ? state_of(found.at("container")) : "unknown"});
  if (has_container) {
    auto sessions = found.at("container").at("sessions").get<uint64_t>();
    table.add({"sessions", std::to_string(sessions)});
  }
  add_settings(user, table);
  if (user.contains("notAfterUSec")) {
    table.add({"valid until", local_time(user.at("notAfterUSec").get<uint64_t>())});
  }
  std::cout << table.render();
  if (has_container) {
    print_start(found.at("container"));
    print_differences(found.at("container"));
    print_life(found.at("container"));
  } else {
    std::cout << printable(found.at("problem").get<std::string>()) << '\n';
  }
}

// The account first, which labgpud has in its memory: what Docker knows may not be had.
Result<json> find_own_status(const CommandLine& line) {
  auto reply = call_helper(line, "GetUser", json::object());
  if (!reply) return reply;
  json found = {{"user", reply->at("user")}};
  auto status = call_helper(line, "Status", json::object(), kDockerTimeout);
  if (status) {
    found["container"] = status->at("containers").at(0);
  } else {
    found["problem"] = status.error().message;
  }
  return found;
}

}  // namespace

void add_own_status_command(CLI::App& app, CommandLine& line) {
  auto* command =
      add_query(app, line, "status", "Your container: whether it runs, and if not, why not");
  command->callback([&line] {
    line.command = [&line] { return show_reply(line, find_own_status(line), print_own_status); };
  });
}

}  // namespace labgpu
