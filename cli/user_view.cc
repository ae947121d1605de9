// Accounts as tables for people.
#include "cli/user_view.h"

#include <time.h>

#include <array>
#include <cstdint>
#include <iostream>
#include <string>

#include "cli/table.h"

namespace labgpu {

namespace {

using nlohmann::json;

constexpr uint64_t kMebibyte = uint64_t{1} << 20;
constexpr uint64_t kGibibyte = uint64_t{1} << 30;

// The interface's name of a setting, and the one that `user set` takes.
struct SettingName {
  const char* field;
  const char* key;
};

constexpr char kMaxSessions[] = "maxSessions";

constexpr std::array<SettingName, 9> kSettings{{
    {"image", "image"},
    {"hostname", "hostname"},
    {"containerName", "container_name"},
    {"mounts", "mounts"},
    {"gpus", "gpus"},
    {"shmSize", "shm_size"},
    {"restart", "restart"},
    {"login", "login"},
    {kMaxSessions, "max_sessions"},
}};

std::string yes_no(bool value) { return value ? "yes" : "no"; }

bool is_of_host(const json& user) { return user.at("origin") == "host"; }

std::string password_of(const json& user) {
  if (is_of_host(user)) return "server's";  // labgpu does not know it
  if (!user.at("hasPassword").get<bool>()) return "no";
  if (user.value("passwordLocked", false)) return "locked";
  return user.value("passwordChangeNow", false) ? "to change" : "yes";
}

std::string mounts_text(const json& mounts) {
  std::string text;
  for (const auto& mount : mounts) {
    auto source = mount.at("source").get<std::string>();
    auto target = mount.at("target").get<std::string>();
    if (!text.empty()) text += ',';
    text += source;
    bool read_only = mount.value("readOnly", false);
    if (target != source || read_only) text += ":" + target;
    if (read_only) text += ":ro";
  }
  return text.empty() ? "none" : text;
}

std::string size_text(uint64_t bytes) {
  if (bytes % kGibibyte == 0) return std::to_string(bytes / kGibibyte) + "g";
  if (bytes % kMebibyte == 0) return std::to_string(bytes / kMebibyte) + "m";
  return std::to_string(bytes);
}

// A setting as `user set` takes it.
std::string setting_text(const std::string& field, const json& value) {
  if (value.is_array()) return mounts_text(value);
  if (field == kMaxSessions) return value == 0 ? "none" : std::to_string(value.get<uint64_t>());
  if (value.is_number_unsigned()) return size_text(value.get<uint64_t>());
  return value.get<std::string>();
}

std::string setting_of(const json& user, const char* key) {
  auto settings = user.find("settings");
  if (settings == user.end() || !settings->is_object() || !settings->contains(key)) return "";
  return setting_text(key, settings->at(key));
}

// In the server's own time zone, as `user set` takes it. An earlier helper does not tell dates.
std::string date_of(const json& user, const char* field) {
  constexpr uint64_t kSecond = 1000000;
  auto found = user.find(field);
  if (found == user.end() || found->is_null()) return "";
  auto seconds = static_cast<time_t>(found->get<uint64_t>() / kSecond);
  tm parts{};
  if (localtime_r(&seconds, &parts) == nullptr) return "?";
  std::array<char, 32> shown{};
  return {shown.data(), strftime(shown.data(), shown.size(), "%Y-%m-%d %H:%M", &parts)};
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
  const auto& overrides = user.at("overrides");
  for (const auto& setting : kSettings) {
    bool own = overrides.contains(setting.field) && !overrides.at(setting.field).is_null();
    table.add(
        {setting.key, setting_of(user, setting.field) + (own ? "  (set for this account)" : "")});
  }
  for (const auto& key : user.at("keys")) {
    table.add({"key", key.at("fingerprint").get<std::string>() + " " +
                          key.at("type").get<std::string>() + " " +
                          key.at("comment").get<std::string>()});
  }
  std::cout << table.render();
}

}  // namespace labgpu
