// Settings of the images that users build: whether they may, and how much of everything.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "helper/error.h"

namespace labgpu {

// "yes" or "no"; true or false in JSON.
struct YesNoForm {
  using Value = bool;
  static Result<bool> parse(std::string_view text);
  static std::string print(bool value);
  static Result<bool> read(const nlohmann::json& value);
  static nlohmann::json write(bool value);
};

// The files that a build is given: 1 MiB to 4 GiB.
Result<uint64_t> parse_build_context(std::string_view text);
Result<uint64_t> check_build_context(uint64_t bytes);

// A duration of 10 seconds to a day.
Result<uint32_t> parse_build_time(std::string_view text);

}  // namespace labgpu
