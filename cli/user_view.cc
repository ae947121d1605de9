// Accounts as tables for people.
#include "cli/user_view.h"

#include <cstdint>
#include <iostream>
#include <string>

#include "cli/local_time.h"
#include "cli/table.h"

namespace labgpu {

namespace {

using nlohmann::json;

std::string yes_no(bool value) { return value ? "yes" : "no"; }

bool is_of_host(const json& user) { return user.at("origin") == "host"; }

std::string password_of(const json& user) {
  if (is_of_host(user)) return "server's";  // labgpu does not know it
  if (!user.at("hasPassword").get<bool>()) return "no";
  if (user.value("passwordLocked", false)) return "locked";
  return user.value("passwordChangeNow", false) ? "to change" : "yes";
}

// A setting's value as `user set` takes it.
std::string setting_of(const json& user, const char* key) {
  for (const auto& setting : user.at("view")) {
    if (setting.at("key") == key) return setting.at("value");
  }
  return "";
}

// "default", "profile phd" or "user".
std::string origin_of(const json& user, const json& setting) {
  std::string origin = setting.at("origin");
  return origin == "profile" ? origin + " " + user.value("profile", "") : origin;
}

// In the server's own time zone, as `user set` takes it. An earlier helper does not tell dates.
std::string date_of(const json& user, const char* field) {
  auto found = user.find(field);
  if (found == user.end() || found->is_null()) return "";
  return local_time(found->get<uint64_t>());
}

std::string state_of(const json& user) {
  auto state = user.value("state", user.at("locked").get<bool>() ? "locked" : "active");
  return state == "pending" ? "not valid yet" : state;
}

}  // namespace

void print_users(const json& users) {
  Table table({"NAME", "UID", "FROM", "IMAGE", "GPUS", "KEYS", "PASSWORD", "STATE", "REAL NAME"});
  for (const auto& user : users) {
    table.add({user.at("name"), std::to_string(user.at("uid").get<uint32_t>()),
               is_of_host(user) ? "server" : "labgpu", setting_of(user, "image"),
               setting_of(user, "gpus"), std::to_string(user.at("keys").size()), password_of(user),
               state_of(user), user.at("realName")});
  }
  std::cout << table.render();
}

void print_user(const json& user) {
  Table table;
  table.add({"name", user.at("name")});
  table.add({"real_name", user.at("realName")});
  table.add({"from", is_of_host(user) ? "server" : "labgpu"});
  table.add({"uid", std::to_string(user.at("uid").get<uint32_t>())});
  table.add({"home", user.at("home")});
  table.add({"state", state_of(user)});
  table.add({"locked", yes_no(user.at("locked"))});
  table.add({"not_before", date_of(user, "notBeforeUSec")});
  table.add({"not_after", date_of(user, "notAfterUSec")});
  table.add({"password", password_of(user)});
  table.add({"profile", user.value("profile", "")});
  for (const auto& setting : user.at("view")) {
    table.add({setting.at("key"), setting.at("value"), origin_of(user, setting)});
  }
  if (user.contains("problem")) table.add({"problem", user.at("problem")});
  for (const auto& key : user.at("keys")) {
    table.add({"key", key.at("fingerprint").get<std::string>() + " " +
                          key.at("type").get<std::string>() + " " +
                          key.at("comment").get<std::string>()});
  }
  std::cout << table.render();
}

}  // namespace labgpu
