// The environment of a command.
#include "init/environment.h"

#include <string.h>

#include <algorithm>

#include "common/parse.h"

namespace labgpu {

namespace {

struct DroppedVariable {
  std::string_view name;
  std::string_view reason;
};

constexpr DroppedVariable kDropped[] = {
    {"HOME", "init's is root's; the account's is set"},
    {"HOSTNAME", "set by Docker; a login has none, and a shell asks the kernel"},
    {"TERM", "set by Docker for a container with a terminal; the client's counts"},
    {"PWD", "of init's process"},
    {"OLDPWD", "of init's process"},
    {"SHLVL", "of init's process"},
    {"_", "of init's process"},
};

bool split(std::string_view assignment, std::string_view& name, std::string_view& value) {
  size_t equals = assignment.find('=');
  if (equals == std::string_view::npos) return false;
  name = std::string_view(assignment.data(), equals);
  value = assignment;
  value.remove_prefix(equals + 1);
  return true;
}

bool is_variable_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r'; }

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

void add_environment_line(std::string_view line, Environment& out) {
  constexpr std::string_view kExport = "export ";
  line = trim(std::string_view(line.data(), std::min(line.find('#'), line.size())));
  if (has_prefix(line, kExport)) line.remove_prefix(kExport.size());
  std::string_view name;
  std::string_view value;
  if (!split(line, name, value) || !is_variable_name(name)) return;
  if (!value.empty() && (value.front() == '"' || value.front() == '\'')) {
    value.remove_prefix(1);
    if (!value.empty() && (value.back() == '"' || value.back() == '\'')) value.remove_suffix(1);
  }
  if (name == "PATH" && out.has("PATH")) return;
  out.set(name, value);
}

}  // namespace

size_t Environment::find(std::string_view name) const {
  size_t i = 0;
  while (i < count_ && !(strncmp(variables_[i], name.data(), name.size()) == 0 &&
                         variables_[i][name.size()] == '=')) {
    ++i;
  }
  return i;
}

bool Environment::has(std::string_view name) const { return find(name) < count_; }

bool Environment::set(std::string_view name, std::string_view value) {
  if (name.empty() || name.find('=') != std::string_view::npos) return false;
  size_t index = find(name);
  size_t needed = name.size() + 1 + value.size() + 1;
  // A replaced value's bytes are not used again: there are few of them and plenty of room.
  if (index == kMaxVariables || needed > kMaxBytes - used_) return false;
  char* variable = bytes_ + used_;
  char* end = std::copy(name.begin(), name.end(), variable);
  *end++ = '=';
  end = std::copy(value.begin(), value.end(), end);
  *end = '\0';
  used_ += needed;
  variables_[index] = variable;
  if (index == count_) ++count_;
  return true;
}

bool Environment::set(std::string_view assignment) {
  std::string_view name;
  std::string_view value;
  return split(assignment, name, value) && set(name, value);
}

void add_image_environment(char* const* own, Environment& out) {
  for (; *own != nullptr; ++own) {
    std::string_view name;
    std::string_view value;
    if (!split(*own, name, value)) continue;
    bool dropped = std::any_of(std::begin(kDropped), std::end(kDropped),
                               [&](const DroppedVariable& d) { return d.name == name; });
    if (!dropped) out.set(name, value);
  }
}

void add_environment_file(std::string_view text, Environment& out) {
  while (!text.empty()) {
    size_t size = std::min(text.find('\n'), text.size());
    add_environment_line(std::string_view(text.data(), size), out);
    text.remove_prefix(std::min(size + 1, text.size()));
  }
}

}  // namespace labgpu
