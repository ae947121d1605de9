// Containers as tables and sentences for people.
#include "cli/container_view.h"

#include <time.h>

#include <algorithm>
#include <iostream>
#include <string>

#include "cli/local_time.h"
#include "cli/table.h"

namespace labgpu {

namespace {

using nlohmann::json;

// RFC 3339 in UTC, as Docker gives it, in the server's own time zone: "2025-05-20 14:03". What is
// not understood is shown as it is.
std::string started_text(const std::string& text) {
  tm parts{};
  const char* rest = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (rest == nullptr || text.back() != 'Z') return text;
  return local_time(static_cast<uint64_t>(timegm(&parts)) * 1000000);
}

// "a, b"
std::string listed(const json& texts) {
  std::string list;
  for (const auto& text : texts) {
    list += (list.empty() ? "" : ", ") + printable(text.get<std::string>());
  }
  return list;
}

// An earlier helper does not tell of settings.
json list_of(const json& container, const char* field) {
  return container.value(field, json::array());
}

}  // namespace

void print_differences(const json& container) {
  auto user = printable(container.at("user").get<std::string>());
  auto rebuild = list_of(container, "needsRebuild");
  if (!rebuild.empty()) {
    std::cout << user << ": needs a rebuild; its container was made with another "
              << listed(rebuild) << '\n';
  }
  auto pending = list_of(container, "pending");
  if (!pending.empty()) {
    std::cout << user << ": Docker has not changed " << listed(pending)
              << " yet; it is tried again when the container is started\n";
  }
}

void print_containers(const json& containers) {
  bool ports = std::any_of(containers.begin(), containers.end(), [](const json& container) {
    return !list_of(container, "ports").empty();
  });
  std::vector<std::string> headings = {"NAME",    "STATE", "SESSIONS", "SINCE",
                                       "ADDRESS", "IMAGE", "CONTAINER"};
  if (ports) headings.emplace_back("PORTS");
  Table table(headings);
  for (const auto& container : containers) {
    std::vector<std::string> row = {container.at("user"),
                                    container.at("state"),
                                    std::to_string(container.at("sessions").get<uint64_t>()),
                                    started_text(container.at("startedAt")),
                                    container.at("address"),
                                    container.at("image"),
                                    container.at("name")};
    if (ports) row.push_back(listed(list_of(container, "ports")));
    table.add(std::move(row));
  }
  std::cout << table.render();
  for (const auto& container : containers) print_differences(container);
}

void print_change(const json& reply) {
  auto changed = list_of(reply, "changed");
  if (!changed.empty()) {
    std::cout << reply.at("user").at("name").get<std::string>()
              << ": changed in the container: " << listed(changed) << '\n';
  }
  if (reply.contains("container")) print_differences(reply.at("container"));
  if (reply.contains("note")) {
    std::cout << "saved, but the container is as it was: "
              << printable(reply.at("note").get<std::string>()) << '\n';
  }
}

}  // namespace labgpu
