// Strict getters for the fields of a JSON object.
#include "helper/json_fields.h"

#include <utility>

namespace labgpu {

namespace {

constexpr int kMaxDepth = 32;

bool is_text(const nlohmann::json& value) {
  return value.is_string() && value.get_ref<const std::string&>().find('\0') == std::string::npos;
}

}  // namespace

JsonFields::JsonFields(const nlohmann::json& object, std::string where)
    : object_(object), where_(std::move(where)) {
  if (object_.is_object()) return;
  mistake_ = Error{ErrorCode::kInvalid,
                   (where_.empty() ? "the document" : where_) + " must be an object ({...})"};
}

const nlohmann::json* JsonFields::find(const std::string& key) {
  known_.insert(key);
  if (mistake_) return nullptr;
  auto found = object_.find(key);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

std::optional<std::string> JsonFields::text(const std::string& key) {
  const auto* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (is_text(*value)) return value->get<std::string>();
  refuse(key, "must be a text");
  return std::nullopt;
}

std::optional<bool> JsonFields::boolean(const std::string& key) {
  const auto* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_boolean()) return value->get<bool>();
  refuse(key, "must be true or false");
  return std::nullopt;
}

std::optional<uint64_t> JsonFields::number(const std::string& key) {
  const auto* value = find(key);
  if (value == nullptr) return std::nullopt;
  // The parser makes every whole number that is not negative an unsigned one.
  if (value->is_number_unsigned()) return value->get<uint64_t>();
  refuse(key, "must be a whole number, not below 0");
  return std::nullopt;
}

std::optional<uint32_t> JsonFields::id(const std::string& key) {
  auto value = number(key);
  if (!value) return std::nullopt;
  if (*value <= UINT32_MAX) return static_cast<uint32_t>(*value);
  refuse(key, "is too large for an id");
  return std::nullopt;
}

std::optional<std::vector<std::string>> JsonFields::texts(const std::string& key) {
  const auto* list = array(key);
  if (list == nullptr) return std::nullopt;
  std::vector<std::string> all;
  for (const auto& value : *list) {
    if (!is_text(value)) {
      refuse(key, "must be a list of texts");
      return std::nullopt;
    }
    all.push_back(value.get<std::string>());
  }
  return all;
}

const nlohmann::json* JsonFields::object(const std::string& key) {
  const auto* value = find(key);
  if (value == nullptr || value->is_object()) return value;
  refuse(key, "must be an object ({...})");
  return nullptr;
}

const nlohmann::json* JsonFields::array(const std::string& key) {
  const auto* value = find(key);
  if (value == nullptr || value->is_array()) return value;
  refuse(key, "must be a list ([...])");
  return nullptr;
}

const nlohmann::json* JsonFields::any(const std::string& key) { return find(key); }

std::string JsonFields::required_text(const std::string& key) {
  auto value = text(key);
  if (!value) refuse(key, "is missing");
  return value.value_or("");
}

uint32_t JsonFields::required_id(const std::string& key) {
  auto value = id(key);
  if (!value) refuse(key, "is missing");
  return value.value_or(0);
}

std::vector<std::string> JsonFields::required_texts(const std::string& key) {
  auto value = texts(key);
  if (!value) refuse(key, "is missing");
  return std::move(value).value_or(std::vector<std::string>{});
}

void JsonFields::refuse(const std::string& key, const std::string& why) {
  if (mistake_) return;
  refused_key_ = key;
  auto path = where_.empty() ? key : where_ + "." + key;
  mistake_ = Error{ErrorCode::kInvalid, path + " " + why};
}

Result<void> JsonFields::finish() const {
  if (mistake_) return Failed(*mistake_);
  return {};
}

Result<void> JsonFields::finish_strict() {
  if (object_.is_object()) {
    for (const auto& field : object_.items()) {
      if (!known_.contains(field.key())) refuse(field.key(), "is not a known field");
    }
  }
  return finish();
}

nlohmann::json JsonFields::rest() const {
  auto unknown = nlohmann::json::object();
  if (!object_.is_object()) return unknown;
  for (const auto& field : object_.items()) {
    if (!known_.contains(field.key())) unknown[field.key()] = field.value();
  }
  return unknown;
}

Result<nlohmann::json> parse_json(const std::string& text, bool comments) {
  bool too_deep = false;
  // Returning false makes the parser forget the value, so that nothing deep is ever built.
  auto watch_depth = [&too_deep](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
    if (depth > kMaxDepth) too_deep = true;
    return depth <= kMaxDepth;
  };
  try {
    auto document = nlohmann::json::parse(text, watch_depth, true, comments);
    if (too_deep) return fail(ErrorCode::kInvalid, "it is nested too deeply");
    return document;
  } catch (const nlohmann::json::exception& error) {
    // "[json.exception.parse_error.101] parse error at line 2, column 1: …": the part for people.
    std::string what = error.what();
    auto end_of_id = what.find("] ");
    return fail(ErrorCode::kInvalid,
                end_of_id == std::string::npos ? what : what.substr(end_of_id + 2));
  }
}

}  // namespace labgpu
