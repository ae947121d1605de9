// Adds up what variables can stand for.
//
// Docker's own reading: github.com/moby/buildkit, frontend/dockerfile/shell/lex.go (what is filled
// in) and frontend/dockerfile/parser/line_parsers.go (names and values of ENV and ARG).
#include "helper/build_variables.h"

#include <algorithm>
#include <iterator>

#include "helper/settings_values.h"

namespace labgpu {

namespace {

// https://docs.docker.com/reference/dockerfile/#environment-replacement
constexpr std::string_view kFilledIn[] = {"ADD",   "ARG",        "COPY", "ENV",    "EXPOSE",
                                          "LABEL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"};

bool is_of_name(char c) { return is_alphanumeric(c) || c == '_'; }

std::string_view take_name(std::string_view& text) {
  auto end = std::find_if_not(text.begin(), text.end(), is_of_name);
  auto name = text.substr(0, static_cast<size_t>(end - text.begin()));
  text.remove_prefix(name.size());
  return name;
}

// Quotes and backslashes may stand in a name, and are taken out of it.
bool may_be_of_name(char c) { return is_of_name(c) || c == '"' || c == '\'' || c == '\\'; }

std::string without_quotes(std::string_view text) {
  std::string plain;
  std::copy_if(text.begin(), text.end(), std::back_inserter(plain), is_of_name);
  return plain;
}

Failed refuse(const std::string& why) { return fail(ErrorCode::kInvalid, why); }

}  // namespace

Result<void> BuildVariables::take(std::string_view name, std::string_view rest) {
  if (std::find(std::begin(kFilledIn), std::end(kFilledIn), name) == std::end(kFilledIn)) return {};
  Result<size_t> length = length_of(rest);
  if (!length) return Failed(length.error());
  if (*length > kLongest) {
    return refuse("with its variables filled in, the instruction may have " +
                  std::to_string(*length) + " bytes, and " + std::to_string(kLongest) +
                  " are allowed");
  }
  if (name == "ENV" || name == "ARG") return note_names(rest, *length);
  return {};
}

Result<size_t> BuildVariables::length_of(std::string_view text) const {
  size_t length = text.size();
  while (!text.empty()) {
    text.remove_prefix(std::min(text.find('$'), text.size() - 1) + 1);
    bool braced = text.starts_with('{');
    if (braced) text.remove_prefix(1);
    auto name = take_name(text);
    if (name.empty()) continue;
    // One replacement is as long as the value is often.
    if (braced && text.starts_with('/')) {
      return refuse("${" + std::string(name) + "/…} is not taken here");
    }
    // ${NAME:+TEXT} is the text, which comes next, or nothing.
    if (braced && (text.starts_with(":+") || text.starts_with('+'))) continue;
    auto found = longest_.find(std::string(name));
    length += std::max(kLongestOfBase, found == longest_.end() ? 0 : found->second);
  }
  return length;
}

// A name ends at a '=', or is the first word. What only looks like one, within a value, does no
// harm.
Result<void> BuildVariables::note_names(std::string_view text, size_t length) {
  auto note = [&](std::string_view before) -> Result<void> {
    size_t start = before.size();
    while (start > 0 && may_be_of_name(before[start - 1])) --start;
    if (start > 0 && (before[start - 1] == '$' || before[start - 1] == '}')) {
      return refuse("a variable in the name of a variable is not taken here");
    }
    size_t& longest = longest_[without_quotes(before.substr(start))];
    longest = std::max(longest, length);
    return {};
  };
  auto first = text.substr(0, std::min(text.find_first_of(" \t="), text.size()));
  if (auto noted = note(first); !noted) return noted;
  for (size_t at = text.find('='); at != std::string_view::npos; at = text.find('=', at + 1)) {
    if (auto noted = note(text.substr(0, at)); !noted) return noted;
  }
  return {};
}

}  // namespace labgpu
