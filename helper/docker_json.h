// Strict reading of Docker's JSON: the right type, or an error that names the field.
//
// Fields that nobody asks for are passed over. Nothing here throws on any input.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "helper/error.h"

namespace labgpu {

// `text` must be one JSON value and nothing else, nested no deeper than Docker's ever is. `what`
// names it in the error.
Result<nlohmann::json> parse_docker_json(std::string_view text, std::string_view what);

// Docker's ids are 64 hexadecimal digits; what is far longer is no id.
inline constexpr size_t kLongestId = 128;

// What Docker says to people, as a part of a message of ours: one line, of 1000 bytes and a little
// at most.
std::string docker_sentence(std::string_view text);
// Such a sentence of a reply that is no success: the "message" of its body, or the status alone.
std::string docker_refusal(int status, std::string_view body);

// Reads fields of one object by dotted path ("State.Pid"). The first failure sticks, so callers
// check once at the end. A field that is absent or null is an error for text(), number() and
// boolean(), and leaves the caller's value alone for the others, because Docker writes null for
// what is empty. A text with a NUL byte is none.
class DockerFields {
 public:
  // Borrows both; `what` begins the error's sentence.
  DockerFields(const nlohmann::json& value, std::string_view what) : value_(value), what_(what) {}

  DockerFields& text(std::string_view path, std::string& out);
  DockerFields& number(std::string_view path, int64_t& out);
  DockerFields& boolean(std::string_view path, bool& out);
  // An id of a container: a text that is not empty and not too long.
  DockerFields& id(std::string_view path, std::string& out);
  // A sentence, as docker_sentence() makes it; optional.
  DockerFields& sentence(std::string_view path, std::string& out);
  // What a program printed, with NUL bytes too; optional.
  DockerFields& output(std::string_view path, std::string& out);
  DockerFields& optional_text(std::string_view path, std::string& out);
  DockerFields& optional_boolean(std::string_view path, bool& out);
  DockerFields& optional_number(std::string_view path, int64_t& out);
  DockerFields& optional_texts(std::string_view path, std::vector<std::string>& out);
  DockerFields& optional_text_map(std::string_view path, std::map<std::string, std::string>& out);
  DockerFields& optional_keys(std::string_view path, std::vector<std::string>& out);
  // The object or array at `path`, or nullptr when it is absent or null.
  const nlohmann::json* optional_object(std::string_view path);
  const nlohmann::json* optional_array(std::string_view path);

  // The first failure, or success.
  [[nodiscard]] const Result<void>& result() const { return result_; }

 private:
  // nullptr when absent or null, or when an earlier field failed.
  const nlohmann::json* find(std::string_view path);
  const nlohmann::json* require(std::string_view path);
  void mismatch(std::string_view path, const char* expected);

  const nlohmann::json& value_;
  std::string_view what_;
  Result<void> result_;
};

}  // namespace labgpu
