// How long a Dockerfile's instructions can become when Docker fills their variables in.
//
// Docker's builder does that itself, outside of any container and its limits, in a time that grows
// with the square of the length, and a build that was ended does not end it: ten lines of
// `ENV A=$A$A$A` keep a processor of the server busy for hours.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "helper/error.h"

namespace labgpu {

// The longest value, in bytes, that an image a build begins with may have in its environment.
inline constexpr size_t kLongestOfBase = size_t{8} * 1024;

// The instructions of one Dockerfile, in their order. What is found is never too short: a variable
// counts as the longest value that it was given anywhere before, also in another stage.
class BuildVariables {
 public:
  static constexpr size_t kLongest = size_t{256} * 1024;

  // Takes an instruction (`name` in capitals) that Docker is given. kInvalid when it could become
  // longer than kLongest, or cannot be judged.
  Result<void> take(std::string_view name, std::string_view rest);

 private:
  [[nodiscard]] Result<size_t> length_of(std::string_view text) const;
  Result<void> note_names(std::string_view text, size_t length);

  std::map<std::string, size_t> longest_;  // by variable
};

}  // namespace labgpu
