// Settings from and to JSON.
#include "helper/settings_json.h"

#include <utility>

#include "helper/settings_values.h"

namespace labgpu {

namespace {

template <typename Value>
std::optional<Value> checked(JsonFields& fields, const std::string& key, Result<Value> value) {
  if (value) return std::move(*value);
  fields.refuse(key, value.error().message);
  return std::nullopt;
}

template <auto kParse>
auto take_text(JsonFields& fields, const std::string& key)
    -> std::optional<typename decltype(kParse(""))::value_type> {
  auto text = fields.text(key);
  if (!text) return std::nullopt;
  return checked(fields, key, kParse(*text));
}

// Also for the templates: an empty one would silently be nothing.
std::optional<std::string> take_filled(JsonFields& fields, const std::string& key) {
  auto text = fields.text(key);
  if (text && text->empty()) fields.refuse(key, "must not be empty");
  return text;
}

std::optional<uint64_t> take_size(JsonFields& fields, const std::string& key) {
  const auto* value = fields.any(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_string()) return take_text<parse_size>(fields, key);
  auto bytes = fields.number(key);
  return bytes ? checked(fields, key, check_size(*bytes)) : std::nullopt;
}

std::optional<uint32_t> take_max_sessions(JsonFields& fields, const std::string& key) {
  const auto* value = fields.any(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_string()) return take_text<parse_max_sessions>(fields, key);
  auto count = fields.number(key);
  return count ? checked(fields, key, check_max_sessions(*count)) : std::nullopt;
}

Result<Mount> mount_from_json(const nlohmann::json& value) {
  if (value.is_string()) return parse_mount(value.get_ref<const std::string&>());
  JsonFields fields(value, "a mount's");
  auto source = fields.required_text("source");
  auto target = fields.text("target").value_or(source);
  bool read_only = fields.boolean("readOnly").value_or(false);
  if (auto done = fields.finish_strict(); !done) return Failed(done.error());
  return parse_mount(source + ":" + target + (read_only ? ":ro" : ""));
}

std::optional<std::vector<Mount>> take_mounts(JsonFields& fields, const std::string& key) {
  const auto* list = fields.array(key);
  if (list == nullptr) return std::nullopt;
  std::vector<Mount> mounts;
  for (const auto& value : *list) {
    auto mount = checked(fields, key, mount_from_json(value));
    if (!mount) return std::nullopt;
    mounts.push_back(*mount);
  }
  return mounts;
}

nlohmann::json mounts_to_json(const std::vector<Mount>& mounts) {
  auto list = nlohmann::json::array();
  for (const auto& mount : mounts) {
    list.push_back(
        {{"source", mount.source}, {"target", mount.target}, {"readOnly", mount.read_only}});
  }
  return list;
}

}  // namespace

SettingsLayer take_settings(JsonFields& fields) {
  SettingsLayer layer;
  layer.image = take_text<parse_image>(fields, "image");
  layer.hostname = take_filled(fields, "hostname");
  layer.container_name = take_filled(fields, "containerName");
  layer.mounts = take_mounts(fields, "mounts");
  layer.gpus = take_text<parse_gpus>(fields, "gpus");
  layer.shm_bytes = take_size(fields, "shmSize");
  layer.restart = take_text<parse_restart>(fields, "restart");
  layer.login = take_text<parse_login>(fields, "login");
  layer.max_sessions = take_max_sessions(fields, "maxSessions");
  return layer;
}

nlohmann::json to_json(const SettingsLayer& layer) {
  auto out = nlohmann::json::object();
  if (layer.image) out["image"] = *layer.image;
  if (layer.hostname) out["hostname"] = *layer.hostname;
  if (layer.container_name) out["containerName"] = *layer.container_name;
  if (layer.mounts) out["mounts"] = mounts_to_json(*layer.mounts);
  if (layer.gpus) out["gpus"] = to_text(*layer.gpus);
  if (layer.shm_bytes) out["shmSize"] = *layer.shm_bytes;
  if (layer.restart) out["restart"] = to_text(*layer.restart);
  if (layer.login) out["login"] = to_text(*layer.login);
  if (layer.max_sessions) out["maxSessions"] = *layer.max_sessions;
  return out;
}

nlohmann::json to_json(const Settings& settings) {
  return to_json(SettingsLayer{settings.image, settings.hostname, settings.container_name,
                               settings.mounts, settings.gpus, settings.shm_bytes, settings.restart,
                               settings.login, settings.max_sessions});
}

}  // namespace labgpu
