// Typed getters over nlohmann::json that check before they convert.
#include "helper/docker_json.h"

#include <algorithm>

#include "helper/json_fields.h"
#include "helper/json_text.h"

namespace labgpu {

using nlohmann::json;

Result<json> parse_docker_json(std::string_view text, std::string_view what) {
  Result<json> value = parse_json(std::string(text), false);
  if (!value) return fail(ErrorCode::kInvalid, std::string(what) + " is not JSON that can be read");
  return value;
}

std::string docker_sentence(std::string_view text) {
  constexpr size_t kLongest = 1000;
  std::string sentence(text.substr(0, kLongest));
  if (text.size() > kLongest) {
    // Not inside of a character: the bytes of one that follow its first are 10xxxxxx.
    auto is_inside = [](char byte) { return (static_cast<unsigned char>(byte) & 0xc0) == 0x80; };
    size_t end = kLongest;
    while (end > 0 && is_inside(text[end])) --end;
    sentence.resize(end);
    sentence += " ...";
  }
  auto is_control = [](char byte) { return (byte >= 0 && byte < ' ') || byte == 0x7f; };
  std::replace_if(sentence.begin(), sentence.end(), is_control, ' ');
  return sentence;
}

std::string docker_refusal(int status, std::string_view body) {
  std::string sentence;
  if (Result<json> reply = parse_docker_json(body, "the reply")) {
    DockerFields(*reply, "the reply").sentence("message", sentence);
  }
  return sentence.empty() ? "HTTP status " + std::to_string(status) : sentence;
}

const json* DockerFields::find(std::string_view path) {
  if (!result_) return nullptr;
  const json* at = &value_;
  for (std::string_view rest = path;;) {
    size_t dot = rest.find('.');
    if (!at->is_object()) {
      mismatch(path, "inside an object");
      return nullptr;
    }
    auto member = at->find(std::string(rest.substr(0, dot)));
    if (member == at->end() || member->is_null()) return nullptr;
    at = &*member;
    if (dot == std::string_view::npos) return at;
    rest.remove_prefix(dot + 1);
  }
}

const json* DockerFields::require(std::string_view path) {
  const json* found = find(path);
  if (found == nullptr && result_) mismatch(path, "there");
  return found;
}

void DockerFields::mismatch(std::string_view path, const char* expected) {
  result_ = fail(ErrorCode::kInvalid,
                 std::string(what_) + ": the field " + std::string(path) + " is not " + expected);
}

DockerFields& DockerFields::text(std::string_view path, std::string& out) {
  const json* found = require(path);
  if (found == nullptr) return *this;
  if (Result<std::string> text = json_text(*found)) {
    out = std::move(*text);
  } else {
    mismatch(path, "a text");
  }
  return *this;
}

DockerFields& DockerFields::id(std::string_view path, std::string& out) {
  std::string given;
  text(path, given);
  if (!result_) return *this;
  if (given.empty() || given.size() > kLongestId) {
    mismatch(path, "an id");
  } else {
    out = std::move(given);
  }
  return *this;
}

DockerFields& DockerFields::output(std::string_view path, std::string& out) {
  const json* found = find(path);
  if (found == nullptr) return *this;
  if (!found->is_string()) {
    mismatch(path, "a text");
  } else {
    out = found->get_ref<const std::string&>();
  }
  return *this;
}

DockerFields& DockerFields::sentence(std::string_view path, std::string& out) {
  std::string said;
  output(path, said);
  if (!said.empty()) out = docker_sentence(said);
  return *this;
}

DockerFields& DockerFields::optional_text(std::string_view path, std::string& out) {
  return find(path) == nullptr ? *this : text(path, out);
}

DockerFields& DockerFields::number(std::string_view path, int64_t& out) {
  const json* found = require(path);
  if (found == nullptr) return *this;
  // Above INT64_MAX the parser makes an unsigned, beyond that a float.
  if (!found->is_number_integer() ||
      (found->is_number_unsigned() && found->get<uint64_t>() > INT64_MAX)) {
    mismatch(path, "a whole number");
  } else {
    out = found->get<int64_t>();
  }
  return *this;
}

DockerFields& DockerFields::optional_number(std::string_view path, int64_t& out) {
  return find(path) == nullptr ? *this : number(path, out);
}

DockerFields& DockerFields::boolean(std::string_view path, bool& out) {
  const json* found = require(path);
  if (found == nullptr) return *this;
  if (!found->is_boolean()) {
    mismatch(path, "true or false");
  } else {
    out = found->get<bool>();
  }
  return *this;
}

DockerFields& DockerFields::optional_boolean(std::string_view path, bool& out) {
  return find(path) == nullptr ? *this : boolean(path, out);
}

const json* DockerFields::optional_object(std::string_view path) {
  const json* found = find(path);
  if (found == nullptr || found->is_object()) return found;
  mismatch(path, "an object");
  return nullptr;
}

const json* DockerFields::optional_array(std::string_view path) {
  const json* found = find(path);
  if (found == nullptr || found->is_array()) return found;
  mismatch(path, "a list");
  return nullptr;
}

DockerFields& DockerFields::optional_texts(std::string_view path, std::vector<std::string>& out) {
  const json* found = optional_array(path);
  if (found == nullptr) return *this;
  out.clear();
  for (const json& item : *found) {
    if (!item.is_string()) {
      mismatch(path, "a list of texts");
      return *this;
    }
    out.push_back(item.get_ref<const std::string&>());
  }
  return *this;
}

DockerFields& DockerFields::optional_text_map(std::string_view path,
                                              std::map<std::string, std::string>& out) {
  const json* found = optional_object(path);
  if (found == nullptr) return *this;
  out.clear();
  for (const auto& [key, item] : found->items()) {
    if (!item.is_string()) {
      mismatch(path, "an object of texts");
      return *this;
    }
    out[key] = item.get_ref<const std::string&>();
  }
  return *this;
}

DockerFields& DockerFields::optional_keys(std::string_view path, std::vector<std::string>& out) {
  const json* found = optional_object(path);
  if (found == nullptr) return *this;
  out.clear();
  for (const auto& entry : found->items()) out.push_back(entry.key());
  return *this;
}

}  // namespace labgpu
