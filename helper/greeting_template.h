// The text that a person reads at a login, as an administrator writes it: lines with placeholders.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "helper/error.h"

namespace labgpu {

// In braces in the text, under the names of greeting_template.cc.
enum class Placeholder {
  kUser,
  kHostname,
  kHost,
  kContainer,
  kImage,
  kStateSince,
  kSessions,
  kGpus,
  kMemory,
  kCpus,
  kDisks,
  kPorts,
  kRebuild,
};

// Each is a list, which is empty when there is nothing to tell. Texts of any origin: what is not
// fit for a terminal becomes '?'.
using GreetingValues = std::map<Placeholder, std::vector<std::string>>;

class GreetingTemplate {
 public:
  static constexpr size_t kLargest = 8192;

  // An empty text is a template that says nothing. {name} is a placeholder, {{ and }} are braces.
  // Of control characters the text may have the tab, and the ESC of colours. kInvalid names the
  // line and what is allowed.
  static Result<GreetingTemplate> parse(std::string_view text);

  [[nodiscard]] bool uses(Placeholder placeholder) const;
  [[nodiscard]] bool empty() const { return lines_.empty(); }

  // A line all of whose placeholders are empty is left out. The items of a list follow each other
  // as far as 80 columns go, then on new lines below the first one.
  [[nodiscard]] std::string render(const GreetingValues& values) const;

 private:
  // A text, and the placeholder behind it; the last of a line has none.
  struct Piece {
    std::string text;
    const Placeholder* placeholder = nullptr;  // in the table of names
  };
  using Line = std::vector<Piece>;

  static Result<Line> parse_line(std::string_view text);
  static std::string render_line(const Line& line, const GreetingValues& values);

  std::vector<Line> lines_;
};

// '?' for every character that is not ASCII.
std::string to_ascii(std::string_view text);

}  // namespace labgpu
