// The forms that a setting's value may have: a text, a number, a list; each in JSON and as the text
// of the command line.
//
// A form is a type with a Value and parse(text), print(value), read(json), write(value). Errors are
// kInvalid, and predicates of a sentence.
#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "helper/error.h"
#include "helper/json_text.h"
#include "helper/text_list.h"

namespace labgpu {

// The value that a function such as parse_image() gives.
template <auto kParse>
using Parsed = typename decltype(kParse(std::string_view()))::value_type;

// The same text everywhere.
template <auto kParse, auto kPrint>
struct TextForm {
  using Value = Parsed<kParse>;
  static Result<Value> parse(std::string_view text) { return kParse(text); }
  static std::string print(const Value& value) { return std::string(kPrint(value)); }
  static Result<Value> read(const nlohmann::json& value) {
    auto text = json_text(value);
    if (!text) return Failed(text.error());
    return kParse(*text);
  }
  static nlohmann::json write(const Value& value) { return print(value); }
};

// In JSON a number, or the text of the command line.
template <auto kParse, auto kCheck, auto kPrint>
struct NumberForm {
  using Value = Parsed<kParse>;
  static Result<Value> parse(std::string_view text) { return kParse(text); }
  static std::string print(const Value& value) { return kPrint(value); }
  static Result<Value> read(const nlohmann::json& value) {
    if (value.is_string()) return TextForm<kParse, kPrint>::read(value);
    // The parser makes every whole number that is not negative an unsigned one.
    if (value.is_number_unsigned()) return kCheck(value.get<uint64_t>());
    return fail(ErrorCode::kInvalid, "must be a whole number, not below 0, or a text");
  }
  static nlohmann::json write(const Value& value) { return value; }
};

// With commas between, and "none" for an empty one; in JSON an array. Sorted by kName(item), as
// Docker cares for no order; the same name twice is refused.
template <auto kParse, auto kPrint, auto kRead, auto kWrite, auto kName>
struct ListForm {
  using Value = std::vector<Parsed<kParse>>;

  static Result<Value> parse(std::string_view text) {
    Value list;
    if (text == "none") return list;
    for (auto part : split(text, ',')) {
      auto item = kParse(part);
      if (!item) return Failed(item.error());
      list.push_back(std::move(*item));
    }
    return in_order(std::move(list));
  }

  static std::string print(const Value& list) {
    std::string text;
    for (const auto& item : list) append_part(text, kPrint(item), ",");
    return list.empty() ? "none" : text;
  }

  static Result<Value> read(const nlohmann::json& value) {
    if (!value.is_array()) return fail(ErrorCode::kInvalid, "must be a list ([...])");
    Value list;
    for (const auto& each : value) {
      auto item = kRead(each);
      if (!item) return Failed(item.error());
      list.push_back(std::move(*item));
    }
    return in_order(std::move(list));
  }

  static nlohmann::json write(const Value& list) {
    auto array = nlohmann::json::array();
    for (const auto& item : list) array.push_back(kWrite(item));
    return array;
  }

 private:
  static Result<Value> in_order(Value list) {
    std::sort(list.begin(), list.end(),
              [](const auto& a, const auto& b) { return kName(a) < kName(b); });
    auto twice = std::adjacent_find(list.begin(), list.end(), [](const auto& a, const auto& b) {
      return kName(a) == kName(b);
    });
    if (twice == list.end()) return list;
    return fail(ErrorCode::kInvalid, "has " + std::string(kName(*twice)) + " twice");
  }
};

}  // namespace labgpu
