// Reads "bridge": {"groups": [...], "firstUid": N} of labgpu.json.
#include "cli/setup/bridge_groups.h"

#include <nlohmann/json.hpp>

#include "cli/setup/text_file.h"
#include "common/parse.h"
#include "common/paths.h"

namespace labgpu {

namespace {

using nlohmann::json;

// What stands under `key`; null when there is nothing.
json part_of(const json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  return object.value(key, json());
}

}  // namespace

Result<ConfiguredBridge> configured_bridge(const std::string& root) {
  const std::string path = root + kConfigFile;
  auto text = read_text(path);
  if (!text) return Failed(text.error());
  auto document = json::parse(text->value_or("{}"), nullptr, false, true);
  if (!document.is_object()) return fail(path + " is not a JSON object; labgpud says where");
  ConfiguredBridge bridge;
  auto section = part_of(document, "bridge");
  for (const auto& group : part_of(section, "groups")) {
    if (!group.is_string() || !is_group_name(group.get_ref<const std::string&>())) {
      return fail(path + ": bridge.groups must be an array of names of groups");
    }
    bridge.groups.push_back(group);
  }
  if (auto first = part_of(section, "firstUid"); first.is_number_unsigned()) {
    bridge.first_uid = first.get<uint32_t>();
  }
  return bridge;
}

}  // namespace labgpu
