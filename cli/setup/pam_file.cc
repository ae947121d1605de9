// labgpu's three lines in /etc/pam.d/sshd.
#include "cli/setup/pam_file.h"

#include <strings.h>

#include <algorithm>
#include <array>
#include <sstream>
#include <string_view>

namespace labgpu {

namespace {

constexpr std::string_view kMark = "labgpu";
constexpr std::string_view kModule = "pam_labgpu.so";

struct Wanted {
  const char* type;
  const char* include;      // the include of Debian's that brings this type
  bool after_last_of_type;  // even when there is the include
  const char* line;
};

constexpr std::array<Wanted, 3> kWanted{{
    {"auth", "common-auth", false, "auth       optional     pam_labgpu.so # labgpu\n"},
    {"account", "common-account", false, "account    required     pam_labgpu.so # labgpu\n"},
    {"session", "common-session", true, "session    required     pam_labgpu.so # labgpu\n"},
}};

// Lines with their newlines; the last may lack it.
std::vector<std::string> split_lines(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t at = 0; at < text.size();) {
    size_t end = text.find('\n', at);
    size_t next = end == std::string::npos ? text.size() : end + 1;
    lines.push_back(text.substr(at, next - at));
    at = next;
  }
  return lines;
}

std::string join(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += line;
  return text;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::string_view code_of(std::string_view line) { return trimmed(line.substr(0, line.find('#'))); }

std::string_view comment_of(std::string_view line) {
  size_t hash = line.find('#');
  return hash == std::string_view::npos ? std::string_view{} : trimmed(line.substr(hash + 1));
}

// One rule, which a backslash at the end of a line may spread over several.
struct Rule {
  size_t last_line = 0;
  std::vector<std::string> words;

  [[nodiscard]] bool is_type(const char* type) const {
    std::string_view word = words[0];
    // A leading '-' only keeps PAM from logging that a module is missing.
    if (!word.empty() && word[0] == '-') word.remove_prefix(1);
    return strcasecmp(std::string(word).c_str(), type) == 0;
  }
  [[nodiscard]] bool includes(std::string_view service) const {
    if (words[0] != "@include" || words.size() < 2) return false;
    std::string_view name = words[1];
    name.remove_prefix(std::min(name.size(), name.rfind('/') + 1));
    return name.substr(0, service.size()) == service;
  }
  [[nodiscard]] bool runs_labgpu() const {
    return std::any_of(words.begin() + 1, words.end(), [](const std::string& word) {
      return word == kModule || (word.size() > kModule.size() && word[0] == '/' &&
                                 word.ends_with("/" + std::string(kModule)));
    });
  }
};

std::vector<Rule> parse_rules(const std::vector<std::string>& lines) {
  std::vector<Rule> rules;
  std::string code;
  for (size_t i = 0; i < lines.size(); ++i) {
    code += code_of(lines[i]);
    if (!code.empty() && code.back() == '\\' && i + 1 < lines.size()) {
      code.back() = ' ';
      continue;
    }
    std::istringstream stream(code);
    Rule rule;
    rule.last_line = i;
    for (std::string word; stream >> word;) rule.words.push_back(word);
    if (!rule.words.empty()) rules.push_back(std::move(rule));
    code.clear();
  }
  return rules;
}

bool has_line(const std::vector<Rule>& rules, const char* type) {
  return std::any_of(rules.begin(), rules.end(),
                     [type](const Rule& rule) { return rule.is_type(type) && rule.runs_labgpu(); });
}

// The number of lines that come before the new one.
size_t place_for(const Wanted& wanted, const std::vector<Rule>& rules, size_t line_count) {
  size_t after_include = 0;
  size_t after_type = 0;
  for (const auto& rule : rules) {
    if (rule.includes(wanted.include)) after_include = rule.last_line + 1;
    if (rule.is_type(wanted.type)) after_type = rule.last_line + 1;
  }
  size_t place = after_include;
  if (wanted.after_last_of_type || place == 0) place = std::max(after_include, after_type);
  return place == 0 ? line_count : place;
}

void insert_line(std::vector<std::string>& lines, size_t place, const std::string& line) {
  if (place > 0 && lines[place - 1].back() != '\n') lines[place - 1] += '\n';
  lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(place), line);
}

}  // namespace

Text add_pam_lines(const Text& text) {
  if (!text) return text;
  auto lines = split_lines(*text);
  for (const auto& wanted : kWanted) {
    auto rules = parse_rules(lines);
    if (has_line(rules, wanted.type)) continue;
    insert_line(lines, place_for(wanted, rules, lines.size()), wanted.line);
  }
  return join(lines);
}

Text remove_pam_lines(const Text& text) {
  if (!text) return text;
  auto lines = split_lines(*text);
  std::erase_if(lines, [](const std::string& line) {
    return comment_of(line) == kMark && code_of(line).find(kModule) != std::string_view::npos;
  });
  return join(lines);
}

bool has_pam_line(const std::string& text, const char* type) {
  return has_line(parse_rules(split_lines(text)), type);
}

}  // namespace labgpu
