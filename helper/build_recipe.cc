// Dockerfiles: lines, instructions, and which of them are taken.
//
// Docker's own reading: github.com/moby/buildkit, frontend/dockerfile/parser (lines, directives)
// and instructions (flags); moby, builder/dockerfile (what the classic builder does with them).
#include "helper/build_recipe.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "helper/build_variables.h"
#include "helper/image_name.h"
#include "helper/settings_values.h"

namespace labgpu {

namespace {

constexpr std::string_view kBlanks = " \t\v\f\r";
// Docker's parser takes no line of 64 KiB (bufio.MaxScanTokenSize).
constexpr size_t kLongestLine = 60000;
// More than a name can have; so that one variable many times is no memory without an end.
constexpr size_t kLongestImage = 4096;
constexpr std::string_view kPassedOn[] = {
    "CMD",        "ENTRYPOINT", "ENV",        "EXPOSE", "HEALTHCHECK", "LABEL",  "RUN",
    "MAINTAINER", "SHELL",      "STOPSIGNAL", "USER",   "VOLUME",      "WORKDIR"};

std::string_view trim_left(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return text;
}

std::string_view trim(std::string_view text) {
  text = trim_left(text);
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

std::string_view take_word(std::string_view& rest) {
  rest = trim_left(rest);
  auto word = rest.substr(0, rest.find_first_of(kBlanks));
  rest = trim_left(rest.substr(word.size()));
  return word;
}

// ASCII, whatever the locale says.
std::string in_case(std::string_view text, char first, char last, int shift) {
  std::string result(text);
  for (char& c : result) {
    if (c >= first && c <= last) c = static_cast<char>(c + shift);
  }
  return result;
}
std::string upper(std::string_view text) { return in_case(text, 'a', 'z', 'A' - 'a'); }
std::string lower(std::string_view text) { return in_case(text, 'A', 'Z', 'a' - 'A'); }

bool has_only(std::string_view text, std::string_view others) {
  return std::all_of(text.begin(), text.end(), [others](char c) {
    return is_alphanumeric(c) || others.find(c) != std::string_view::npos;
  });
}

// With what Docker can take neither for a blank, as it takes some of Unicode's, nor for a flag.
bool begins_plainly(std::string_view text) {
  return !text.empty() && text[0] > ' ' && text[0] < 0x7f && text[0] != '-';
}

bool is_variable(std::string_view name) {
  return !name.empty() && has_only(name, "_") && !(name[0] >= '0' && name[0] <= '9');
}

// Without the backslash that continues a line; a backslash before it makes it no such one.
bool take_continuation(std::string_view& line) {
  auto end = line.find_last_not_of(" \t");
  if (end == std::string_view::npos || line[end] != '\\') return false;
  if (end > 0 && line[end - 1] == '\\') return false;
  line = line.substr(0, end);
  return true;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  Result<BuildRecipe> run() {
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
    if (rest_.starts_with(kByteOrderMark)) rest_.remove_prefix(kByteOrderMark.size());
    if (rest_.find('\0') != std::string_view::npos) return refuse("it is no text");
    std::string instruction;
    bool continued = false;
    while (!rest_.empty()) {
      auto line = next_line();
      auto shown = trim_left(line);
      if (shown.empty() || shown[0] == '#') {
        if (stages_.empty() && is_escape(shown)) return refuse("\"# escape=\" is not taken here");
        continue;
      }
      if (!continued) first_line_ = line_;
      bool goes_on = take_continuation(line);
      instruction.append(line);
      continued = goes_on;
      if (goes_on) continue;
      if (auto taken = take(instruction); !taken) return Failed(taken.error());
      instruction.clear();
    }
    if (continued) {
      if (auto taken = take(instruction); !taken) return Failed(taken.error());
    }
    if (stages_.empty()) return refuse("it has no FROM");
    return std::move(recipe_);
  }

 private:
  std::string_view next_line() {
    ++line_;
    auto line = rest_.substr(0, rest_.find('\n'));
    rest_.remove_prefix(std::min(line.size() + 1, rest_.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }

  static bool is_escape(std::string_view comment) {
    if (comment.empty()) return false;
    auto directive = trim_left(comment.substr(1));
    auto name = directive.substr(0, directive.find('='));
    return name.size() < directive.size() && lower(trim(name)) == "escape";
  }

  [[nodiscard]] Failed refuse(const std::string& why) const {
    return fail(ErrorCode::kInvalid, "Dockerfile line " + std::to_string(first_line_) + ": " + why);
  }

  Result<void> take(std::string_view instruction) {
    auto rest = trim(instruction);
    auto name = upper(take_word(rest));
    if (name.empty()) return {};
    if (instruction.size() > kLongestLine) return refuse("the instruction is too long");
    if (name == "FROM") return take_from(rest);
    if (name == "ARG" && stages_.empty()) return take_argument(rest);
    if (stages_.empty() && name != "ARG") return refuse("there has to be a FROM before " + name);
    if (name == "COPY" || name == "ADD") return take_copy(name, rest);
    if (name == "ONBUILD") return refuse("ONBUILD is not taken here");
    bool known = name == "ARG" ||
                 std::find(std::begin(kPassedOn), std::end(kPassedOn), name) != std::end(kPassedOn);
    if (name == "RUN" && !begins_plainly(rest)) {
      return refuse("RUN takes no flags here, and begins with a plain character");
    }
    if (known) return put(name, rest);
    return refuse("\"" + name.substr(0, 50) +
                  "\" is no instruction (here-documents and other things of BuildKit's are not "
                  "taken)");
  }

  Result<void> put(const std::string& name, std::string_view rest) {
    std::string line = name + " " + std::string(rest);
    std::string_view seen = line;
    if (take_continuation(seen)) return refuse("it ends in the middle");
    if (auto taken = variables_.take(name, rest); !taken) return refuse(taken.error().message);
    recipe_.text += line + "\n";
    return {};
  }

  // Before the first FROM, for use in it.
  Result<void> take_argument(std::string_view rest) {
    auto whole = rest;
    while (!rest.empty()) {
      auto word = take_word(rest);
      auto equals = word.find('=');
      auto name = word.substr(0, equals);
      auto value = equals == std::string_view::npos ? "" : word.substr(equals + 1);
      if (!is_variable(name) || !has_only(value, "._-/:@+,")) {
        return refuse("before FROM, ARG takes plain values without quotes only: " +
                      std::string(word));
      }
      arguments_[std::string(name)] = value;
    }
    return put("ARG", whole);
  }

  Result<void> take_from(std::string_view rest) {
    auto given = take_word(rest);
    if (given.starts_with("--")) return refuse("FROM takes no " + std::string(given) + " here");
    auto image = fill_in(given);
    if (!image) return Failed(image.error());
    std::string stage;
    if (!rest.empty()) {
      bool named = lower(take_word(rest)) == "as";
      stage = lower(take_word(rest));
      if (!named || !rest.empty() || !has_only(stage, "_-.")) {
        return refuse("FROM is followed by an image, and perhaps by AS and a name");
      }
    }
    if (image->empty()) return refuse("FROM needs an image; an ARG in it needs a default");
    bool of_stage = stages_.contains(lower(*image));
    if (!of_stage && *image != "scratch") {
      if (auto noted = note_image(*image); !noted) return noted;
    }
    stages_.insert(stage);
    return put("FROM", *image + (stage.empty() ? "" : " AS " + stage));
  }

  // $NAME and ${NAME} of the ARGs before the first FROM.
  Result<std::string> fill_in(std::string_view text) const {
    std::string filled;
    while (!text.empty()) {
      auto dollar = text.find('$');
      filled += text.substr(0, dollar);
      if (dollar == std::string_view::npos) break;
      text.remove_prefix(dollar + 1);
      bool braced = text.starts_with('{');
      if (braced) text.remove_prefix(1);
      size_t end = 0;
      while (end < text.size() && (is_alphanumeric(text[end]) || text[end] == '_')) ++end;
      auto found = arguments_.find(std::string(text.substr(0, end)));
      bool closed = !braced || text.substr(end).starts_with('}');
      if (found == arguments_.end() || !closed) {
        return refuse("FROM takes $NAME or ${NAME} of an ARG that stands before it");
      }
      filled += found->second;
      if (filled.size() > kLongestImage) return refuse("the image's name is too long");
      text.remove_prefix(end + (braced ? 1 : 0));
    }
    return filled;
  }

  Result<void> note_image(const std::string& image) {
    if (auto right = parse_image(image); !right) return refuse(right.error().message);
    if (may_be_id(image)) {
      return refuse("name the image " + image +
                    " with its tag, such as debian:12; ids are not taken");
    }
    auto& images = recipe_.images;
    if (std::find(images.begin(), images.end(), image) == images.end()) images.push_back(image);
    return {};
  }

  // Whatever Docker could take for a flag has to be one that is known here.
  Result<void> take_copy(const std::string& name, std::string_view rest) {
    auto whole = rest;
    while (rest.starts_with("--")) {
      auto flag = take_word(rest);
      auto value = flag.substr(std::min(flag.find('=') + 1, flag.size()));
      bool from = flag.starts_with("--from=") && name == "COPY";
      bool other = flag.starts_with("--chown=") || flag.starts_with("--chmod=");
      if (value.empty() || !(from || other) || !has_only(value, "._-/:@+")) {
        return refuse(name + " takes no " + std::string(flag) + " here");
      }
      bool number = value.find_first_not_of("0123456789") == std::string_view::npos;
      if (from && !number && !stages_.contains(lower(value))) {
        if (auto noted = note_image(std::string(value)); !noted) return noted;
      }
    }
    if (!begins_plainly(rest)) return refuse(name + " needs a name of a file (begin it with ./)");
    if (name == "ADD" && !has_only(rest, "._-/@+,=~*? \t")) {
      return refuse("ADD takes plain names of files only; fetch with RUN, or use COPY");
    }
    return put(name, whole);
  }

  std::string_view rest_;
  size_t line_ = 0;
  size_t first_line_ = 1;  // of the instruction
  std::map<std::string, std::string> arguments_;
  std::set<std::string> stages_;  // names; "" for those without
  BuildVariables variables_;
  BuildRecipe recipe_;
};

}  // namespace

Result<BuildRecipe> read_recipe(std::string_view dockerfile) { return Reader(dockerfile).run(); }

}  // namespace labgpu
