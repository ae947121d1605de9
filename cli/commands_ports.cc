// labgpu ports: which ports of the server are an account's, and where they lead.
#include <iostream>
#include <memory>
#include <set>

#include "cli/shared_commands.h"
#include "cli/table.h"

namespace labgpu {

namespace {

using nlohmann::json;

struct OwnPort {
  std::string server;     // "20000"; empty while none is reserved
  std::string container;  // "8888", "53/udp"
};

// "20000:8888", as the interface has it.
OwnPort parse_port(const std::string& text) {
  auto colon = text.find(':');
  if (colon == std::string::npos) return {"", text};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

// Of a port that the settings give.
std::string state_of(const json& container, bool has_it) {
  auto state = container.at("state").get<std::string>();
  if (state == "absent") return "no container yet";
  if (state == "unknown") return "unknown: Docker does not answer";
  if (!has_it) return "after a rebuild";
  return state == "running" ? "open" : "container stopped";
}

json describe(const std::string& user, const std::string& port, const std::string& state) {
  auto [server, container] = parse_port(port);
  return {{"user", user}, {"server", server}, {"container", container}, {"state", state}};
}

// What the settings give, and what only the container has, which was made with others.
void add_ports(const json& user, const json& container, json& ports) {
  auto name = user.at("name").get<std::string>();
  auto there = container.value("ports", std::set<std::string>());
  auto settings = user.value("settings", json::object());
  for (const auto& port : settings.value("ports", std::set<std::string>())) {
    ports.push_back(describe(name, port, state_of(container, there.erase(port) > 0)));
  }
  for (const auto& port : there) ports.push_back(describe(name, port, "until a rebuild"));
}

Result<json> users_asked_for(const CommandLine& line, const std::string& name) {
  if (name.empty() && !line.is_owners()) {
    auto reply = call_helper(line, "ListUsers", json::object());
    if (!reply) return Failed(reply.error());
    return reply->at("users");
  }
  auto reply = call_helper(line, "GetUser", name.empty() ? json::object() : json{{"name", name}});
  if (!reply) return Failed(reply.error());
  const auto& user = reply->at("user");
  if (user.contains("problem")) {
    return fail(user.at("name").get<std::string>() + ": " + user.at("problem").get<std::string>());
  }
  return json::array({user});
}

Result<json> find_ports(const CommandLine& line, const std::string& name) {
  auto users = users_asked_for(line, name);
  if (!users) return users;
  auto status = call_helper(line, "Status", name.empty() ? json::object() : json{{"name", name}});
  if (!status) return status;
  auto ports = json::array();
  for (const auto& user : *users) {
    for (const auto& container : status->at("containers")) {
      if (container.at("user") == user.at("name")) add_ports(user, container, ports);
    }
  }
  return json{{"ports", ports}};
}

void print_ports(const json& found, bool with_names) {
  std::vector<std::string> headings = {"PORT", "LEADS TO", "STATE"};
  if (with_names) headings.insert(headings.begin(), "NAME");
  Table table(headings);
  for (const auto& port : found.at("ports")) {
    std::vector<std::string> row = {port.at("server"), port.at("container"), port.at("state")};
    if (with_names) row.insert(row.begin(), port.at("user"));
    table.add(std::move(row));
  }
  std::cout << table.render();
}

}  // namespace

void add_ports_command(CLI::App& app, CommandLine& line) {
  auto name = std::make_shared<std::string>();
  auto* command =
      add_query(app, line, "ports", "Ports of the server, and the containers' that they lead to");
  add_name(*command, line, *name, WithoutName::kIsAllAccounts);
  command->callback([&line, name] {
    line.command = [&line, name] {
      return show_reply(line, find_ports(line, *name),
                        [&line](const json& found) { print_ports(found, !line.is_owners()); });
    };
  });
}

}  // namespace labgpu
