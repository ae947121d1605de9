// Containers as tables and sentences for people.
#include "cli/container_view.h"

#include <time.h>

#include <algorithm>
#include <iostream>
#include <string>

#include "cli/counted.h"
#include "cli/local_time.h"
#include "cli/table.h"

namespace labgpu {

namespace {

using nlohmann::json;

// "a, b"
std::string listed(const json& texts) {
  std::string list;
  for (const auto& text : texts) {
    list += (list.empty() ? "" : ", ") + printable(text.get<std::string>());
  }
  return list;
}

}  // namespace

// RFC 3339 in UTC, as Docker gives it, becomes "2025-05-20 14:03". What is not understood is shown
// as it is.
std::string started_text(const json& container) {
  auto text = container.at("startedAt").get<std::string>();
  tm parts{};
  const char* rest = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (rest == nullptr || text.back() != 'Z') return text;
  return local_time(static_cast<uint64_t>(timegm(&parts)) * 1000000);
}

void print_differences(const json& container) {
  auto user = printable(container.at("user").get<std::string>());
  const auto& rebuild = container.at("needsRebuild");
  if (!rebuild.empty()) {
    std::cout << user << ": needs a rebuild; its container was made with another "
              << listed(rebuild) << '\n';
  }
  const auto& pending = container.at("pending");
  if (!pending.empty()) {
    std::cout << user << ": Docker has not changed " << listed(pending)
              << " yet; it is tried again when the container is started\n";
  }
}

void print_life(const json& container) {
  auto user = printable(container.at("user").get<std::string>());
  if (!container.value("answers", true)) {
    std::cout << user << ": labgpu-init in its container does not answer, so nobody can log in; "
              << "`labgpu restart " << user << "` ends what runs in it and starts it again\n";
  }
  if (container.contains("idleStopUSec")) {
    std::cout << user << ": stops at " << local_time(container["idleStopUSec"].get<uint64_t>())
              << " when it stays idle\n";
  }
  auto kills = container.value("memoryKills", uint64_t{0});
  if (kills > 0) {
    std::cout << user << ": ran out of memory: the kernel killed "
              << counted(kills, "process", "processes") << " of it, the last at "
              << local_time(container.value("lastMemoryKillUSec", uint64_t{0})) << '\n';
  }
  if (container.contains("lastEnd") && container["lastEnd"].value("cause", "") != "asked") {
    const auto& end = container["lastEnd"];
    std::cout << user << ": " << printable(end.value("reason", "")) << ", at "
              << local_time(end.value("atUSec", uint64_t{0})) << '\n';
  }
}

void print_containers(const json& containers) {
  bool ports = std::any_of(containers.begin(), containers.end(),
                           [](const json& container) { return !container.at("ports").empty(); });
  std::vector<std::string> headings = {"NAME",    "STATE", "SESSIONS", "SINCE",
                                       "ADDRESS", "IMAGE", "CONTAINER"};
  if (ports) headings.emplace_back("PORTS");
  Table table(headings);
  for (const auto& container : containers) {
    std::vector<std::string> row = {container.at("user"),
                                    container.at("state"),
                                    std::to_string(container.at("sessions").get<uint64_t>()),
                                    started_text(container),
                                    container.at("address"),
                                    container.at("image"),
                                    container.at("name")};
    if (ports) row.push_back(listed(container.at("ports")));
    table.add(std::move(row));
  }
  std::cout << table.render();
  for (const auto& container : containers) {
    print_differences(container);
    print_life(container);
  }
}

void print_change(const json& reply) {
  if (reply.contains("changed") && !reply.at("changed").empty()) {
    std::cout << printable(reply.at("user").at("name").get<std::string>())
              << ": changed in the container: " << listed(reply.at("changed")) << '\n';
  }
  if (reply.contains("container")) print_differences(reply.at("container"));
  if (reply.contains("note")) {
    std::cout << "saved, but the container is as it was: "
              << printable(reply.at("note").get<std::string>()) << '\n';
  }
}

}  // namespace labgpu
