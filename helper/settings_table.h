// The table of settings: one row has everything that labgpu knows about one setting.
//
// Whatever reads, writes, compares, explains or applies settings goes through these rows, so a new
// setting is a field in settings.h and a row in settings_table.cc.
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>

#include "helper/error.h"
#include "helper/settings.h"

namespace labgpu {

struct Account;
struct ContainerLimits;
struct ContainerRequest;
struct SettingsPolicy;

// When a change counts for a container that is there.
enum class Change {
  kAtOnce,        // Docker has nothing to do with it
  kLive,          // Docker changes it while the container runs
  kNewContainer,  // only in a container that is made anew
};

// A field of a layer, whatever its type.
struct SettingField {
  bool (*is_set)(const SettingsLayer& layer);
  void (*clear)(SettingsLayer& layer);
  // From and to the command line's text, and JSON; what is written has to be set. Errors are
  // kInvalid, predicates of a sentence, and change nothing.
  Result<void> (*parse)(SettingsLayer& layer, std::string_view text);
  std::string (*print)(const SettingsLayer& layer);
  Result<void> (*read)(SettingsLayer& layer, const nlohmann::json& value);
  nlohmann::json (*write)(const SettingsLayer& layer);
  // Lays the field of `upper` over the one of `lower`, when it is set.
  void (*lay)(const SettingsLayer& upper, SettingsLayer& lower);
  bool (*same)(const SettingsLayer& one, const SettingsLayer& other);
  void (*decide)(const SettingsLayer& layer, Settings& settings);
  void (*reopen)(const Settings& settings, SettingsLayer& layer);
};

struct Setting {
  std::string_view key;       // `labgpu user set NAME key=…`
  std::string_view name;      // in JSON: labgpu.json, records, Varlink
  std::string_view standard;  // what it is when nobody sets it, as the command line's text
  Change change;
  SettingField field;
  // Fills in what depends on the account and refuses what the server does not allow.
  Result<void> (*complete)(Settings& settings, const Account& account,
                           const SettingsPolicy& policy) = nullptr;
  // Writes it into the body of POST /containers/create.
  void (*put)(const ContainerRequest& request) = nullptr;
  // Of a kLive one: whether a container has it, and the body of POST /containers/{id}/update.
  bool (*holds)(const Settings& settings, const ContainerLimits& now, uint32_t host_cpus) = nullptr;
  void (*update)(const Settings& settings, uint32_t host_cpus, nlohmann::json& body) = nullptr;
};

std::span<const Setting> all_settings();

// What counts when nobody sets anything: every field is set.
const SettingsLayer& standard_settings();

// `settings` as a layer in which every field is set.
SettingsLayer as_layer(const Settings& settings);

}  // namespace labgpu
