// A walk over JSON with comments that only knows where things are.
#include "cli/image/config_edit.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

namespace labgpu {

namespace {

using nlohmann::json;

// A member of an object, by the places of its value's first byte and of the byte behind it.
struct Place {
  size_t begin = 0;
  size_t end = 0;
};

// `text` is known to be JSON, perhaps with comments.
class Walk {
 public:
  explicit Walk(const std::string& text) : text_(text) {}

  // The value of the first member of that key in the object that begins at `object`.
  std::optional<Place> member(size_t object, const std::string& key) {
    at_ = object + 1;
    for (skip_blanks(); text_[at_] != '}'; skip_blanks()) {
      if (text_[at_] == ',') {
        ++at_;
        continue;
      }
      auto name = take_value();
      skip_blanks();
      ++at_;  // the colon
      skip_blanks();
      auto value = take_value();
      auto parsed = json::parse(text_.substr(name.begin, name.end - name.begin), nullptr, false);
      if (parsed == key) return value;
    }
    return std::nullopt;
  }
  bool is_empty(size_t object) {
    at_ = object + 1;
    skip_blanks();
    return text_[at_] == '}';
  }
  size_t first_value() {
    at_ = 0;
    skip_blanks();
    return at_;
  }

 private:
  void skip_blanks() {
    for (;;) {
      at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size());
      if (text_.compare(at_, 2, "//") == 0) {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (text_.compare(at_, 2, "/*") == 0) {
        at_ = std::min(text_.find("*/", at_ + 2), text_.size() - 2) + 2;
      } else {
        return;
      }
    }
  }

  void skip_text() {
    for (++at_; text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\') ++at_;
    }
    ++at_;
  }

  Place take_value() {
    Place place{at_, at_};
    unsigned depth = 0;
    do {
      char c = text_[at_];
      if (c == '"') {
        skip_text();
      } else if (c == '{' || c == '[') {
        ++depth;
        ++at_;
      } else if (c == '}' || c == ']') {
        --depth;
        ++at_;
      } else if (depth > 0) {
        ++at_;
      } else {
        at_ = std::min(text_.find_first_of(" \t\r\n,}]/:", at_), text_.size());
      }
      place.end = at_;
      if (depth > 0) skip_blanks();
    } while (depth > 0);
    return place;
  }

  const std::string& text_;
  size_t at_ = 0;
};

std::string indent_of(size_t level) { return std::string(2 * level, ' '); }

// As the first member of the object that begins at `object`.
void insert_member(std::string& text, size_t object, size_t level, const std::string& member) {
  std::string after = ",";
  if (Walk(text).is_empty(object)) {
    after = text[object + 1] == '\n' ? "" : "\n" + indent_of(level - 1);
  }
  text.insert(object + 1, "\n" + indent_of(level) + member + after);
}

}  // namespace

Result<std::string> with_default_image(const std::string& text, const std::string& image) {
  auto before = json::parse(text, nullptr, /*allow_exceptions=*/false, /*ignore_comments=*/true);
  bool right =
      before.is_object() && (!before.contains("defaults") || before.at("defaults").is_object());
  if (!right) return fail("it is not what labgpu.json(5) says it is; labgpud --check-config tells");
  auto value = json(image).dump();
  auto member = "\"image\": " + value;
  auto changed = text;
  Walk walk(text);
  auto top = walk.first_value();
  auto defaults = walk.member(top, "defaults");
  if (!defaults) {
    insert_member(changed, top, 1, "\"defaults\": { " + member + " }");
  } else if (auto now = walk.member(defaults->begin, "image")) {
    changed.replace(now->begin, now->end - now->begin, value);
  } else {
    insert_member(changed, defaults->begin, 2, member);
  }
  before["defaults"]["image"] = image;
  if (json::parse(changed, nullptr, false, true) != before) {
    return fail("it is written in a way that labgpu cannot change: set \"image\" in \"defaults\"");
  }
  return changed;
}

}  // namespace labgpu
