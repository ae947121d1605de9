// Reads the fields of one JSON object strictly: every type is checked, no field is overlooked.
//
//   JsonFields fields(object, "defaults");
//   auto image = fields.text("image");
//   ...
//   if (auto done = fields.finish_strict(); !done) return Failed(done.error());
//
// The first mistake is kept and told by finish(); after it every getter answers "absent". A null is
// the same as an absent field. Texts with a NUL byte are refused. The object is borrowed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "helper/error.h"

namespace labgpu {

// The line of each field in a document that people write: "defaults.image" and where its name is.
using JsonLines = std::map<std::string, size_t>;

class JsonFields {
 public:
  // `where` names the object in messages ("defaults", then "defaults.image"); empty: the top. With
  // `lines`, which is borrowed, messages begin with the line.
  JsonFields(const nlohmann::json& object, std::string where, const JsonLines* lines = nullptr);

  std::optional<std::string> text(const std::string& key);
  std::optional<bool> boolean(const std::string& key);
  std::optional<uint64_t> number(const std::string& key);
  std::optional<uint32_t> id(const std::string& key);  // a number below 2^32
  std::optional<std::vector<std::string>> texts(const std::string& key);
  // An object or array inside, borrowed from this one; nullptr when absent.
  const nlohmann::json* object(const std::string& key);
  const nlohmann::json* array(const std::string& key);
  // Whatever is there, for a field with several forms.
  const nlohmann::json* any(const std::string& key);

  // The same for what must be there; an empty value beside the mistake that finish() will tell.
  std::string required_text(const std::string& key);
  uint32_t required_id(const std::string& key);
  std::vector<std::string> required_texts(const std::string& key);

  // A mistake that the caller found in the value of `key`; only the first one counts.
  void refuse(const std::string& key, const std::string& why);
  [[nodiscard]] const std::string& where() const { return where_; }
  // The key of the first mistake.
  [[nodiscard]] const std::string& refused_key() const { return refused_key_; }

  // kInvalid with the first mistake.
  [[nodiscard]] Result<void> finish() const;
  // The same, and a field that no getter asked for is a mistake too.
  [[nodiscard]] Result<void> finish_strict();
  // The fields that no getter asked for, as an object.
  [[nodiscard]] nlohmann::json rest() const;

 private:
  const nlohmann::json* find(const std::string& key);

  // The mistake's sentence, about the field or the object of that path.
  [[nodiscard]] Error mistake(const std::string& path, const std::string& why) const;

  const nlohmann::json& object_;
  std::string where_;
  const JsonLines* lines_;
  std::set<std::string> known_;
  std::string refused_key_;
  std::optional<Error> mistake_;
};

// Parses a whole document; `comments` allows // and /* */. kInvalid says where it is wrong. Nothing
// that labgpu reads is nested deeply, so what is comes from somebody who tries things: refused.
Result<nlohmann::json> parse_json(const std::string& text, bool comments);

// The same for what people write: comments are allowed, a field that is there twice is refused, and
// `lines` gets to know where each field is.
Result<nlohmann::json> parse_json(const std::string& text, JsonLines& lines);

}  // namespace labgpu
