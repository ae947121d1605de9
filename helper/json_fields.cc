// Strict getters for the fields of a JSON object.
#include "helper/json_fields.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "helper/json_text.h"
#include "helper/text_list.h"

namespace labgpu {

namespace {

constexpr int kMaxDepth = 32;

// Reads a text and counts its lines, as the parser does not tell where a field is.
class LineCounter {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  LineCounter(const char* at, size_t* line) : at_(at), line_(line) {}
  reference operator*() const { return *at_; }
  LineCounter& operator++() {
    if (*at_ == '\n') ++*line_;
    ++at_;
    return *this;
  }
  LineCounter operator++(int) {
    auto before = *this;
    ++*this;
    return before;
  }
  bool operator==(const LineCounter& other) const { return at_ == other.at_; }
  bool operator!=(const LineCounter& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  size_t* line_;
};

// Ends the parsing of a document.
struct TooDeep {};

// Sees a document while it is parsed.
class Watcher {
 public:
  explicit Watcher(JsonLines* lines) : lines_(lines) {}
  [[nodiscard]] size_t* line() { return &line_; }
  [[nodiscard]] const std::string& twice() const { return twice_; }

  // Throws TooDeep before anything deep is built: the parser keeps a place for each level.
  void see(int depth, nlohmann::json::parse_event_t event, const nlohmann::json& value) {
    if (depth > kMaxDepth) throw TooDeep();
    if (event == nlohmann::json::parse_event_t::key && lines_ != nullptr) {
      see_key(static_cast<size_t>(depth), value.get_ref<const std::string&>());
    }
  }

 private:
  // The elements of an array have no names, so only the last one's fields are known.
  void see_key(size_t depth, const std::string& key) {
    path_.resize(depth - 1);
    path_.push_back(key);
    auto [found, fresh] = lines_->emplace(join(path_, "."), line_);
    bool in_array = path_.end() != std::find(path_.begin(), path_.end(), "");
    if (!fresh && !in_array && twice_.empty()) {
      twice_ = "line " + std::to_string(line_) + ": " + found->first +
               " is there already, in line " + std::to_string(found->second);
    }
    found->second = line_;
  }

  JsonLines* lines_;
  size_t line_ = 1;
  std::vector<std::string> path_;
  std::string twice_;
};

Result<nlohmann::json> parse(const std::string& text, bool comments, JsonLines* lines) {
  Watcher watcher(lines);
  auto see = [&watcher](int depth, nlohmann::json::parse_event_t event, nlohmann::json& value) {
    watcher.see(depth, event, value);
    return true;
  };
  try {
    LineCounter begin(text.data(), watcher.line());
    LineCounter end(text.data() + text.size(), watcher.line());
    auto document = nlohmann::json::parse(begin, end, see, true, comments);
    if (!watcher.twice().empty()) return fail(ErrorCode::kInvalid, watcher.twice());
    return document;
  } catch (const TooDeep&) {
    return fail(ErrorCode::kInvalid, "it is nested too deeply");
  } catch (const nlohmann::json::exception& error) {
    // "[json.exception.parse_error.101] parse error at line 2, column 1: …": the part for people.
    std::string what = error.what();
    auto end_of_id = what.find("] ");
    return fail(ErrorCode::kInvalid,
                end_of_id == std::string::npos ? what : what.substr(end_of_id + 2));
  }
}

bool is_text(const nlohmann::json& value) { return json_text(value).has_value(); }

}  // namespace

JsonFields::JsonFields(const nlohmann::json& object, std::string where, const JsonLines* lines)
    : object_(object), where_(std::move(where)), lines_(lines) {
  if (object_.is_object()) return;
  mistake_ = mistake(where_, "must be an object ({...})");
}

Error JsonFields::mistake(const std::string& path, const std::string& why) const {
  std::string sentence = (path.empty() ? "the document" : path) + " " + why;
  if (lines_ != nullptr) {
    // A field that is missing is told of the object that misses it.
    auto line = lines_->find(path);
    if (line == lines_->end()) line = lines_->find(where_);
    if (line != lines_->end()) sentence = "line " + std::to_string(line->second) + ": " + sentence;
  }
  return {ErrorCode::kInvalid, sentence};
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
  mistake_ = mistake(where_.empty() ? key : where_ + "." + key, why);
}

Result<void> JsonFields::finish() const {
  if (mistake_) return Failed(*mistake_);
  return {};
}

Result<void> JsonFields::finish_strict() {
  if (object_.is_object()) {
    for (const auto& field : object_.items()) {
      if (known_.contains(field.key())) continue;
      refuse(field.key(), "is not a known field; there are: " + join(known_, ", "));
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
  return parse(text, comments, nullptr);
}

Result<nlohmann::json> parse_json(const std::string& text, JsonLines& lines) {
  return parse(text, true, &lines);
}

}  // namespace labgpu
