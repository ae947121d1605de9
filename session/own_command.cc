// Words as a shell would make them, of the little that is taken here (POSIX.1-2017, Shell Command
// Language, 2.2 Quoting).
#include "session/own_command.h"

#include "common/parse.h"

namespace labgpu {

namespace {

constexpr std::string_view kName = "labgpu";
constexpr std::string_view kSpecial = ";|&$`<>()*?[";
constexpr char kNoShell[] =
    "no shell reads the commands of labgpu, so they take none of ; | & $ ` < > ( ) * ? [ outside "
    "of quotes";

bool is_blank(char c) { return c == ' ' || c == '\t'; }

// The first character, which there is; it is gone from `rest` then.
char take(std::string_view& rest) {
  char c = rest.front();
  rest.remove_prefix(1);
  return c;
}

bool is_control(char c) {
  auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t') || byte == 0x7f;
}

bool is_special(char c) { return kSpecial.find(c) != std::string_view::npos; }

std::string_view skip_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  return text;
}

}  // namespace

bool is_own_command(std::string_view command) {
  command = skip_blanks(command);
  if (!has_prefix(command, kName)) return false;
  command.remove_prefix(kName.size());
  if (command.empty()) return true;
  char next = command.front();
  return is_blank(next) || is_control(next) || is_special(next);
}

const char* CommandWords::split(std::string_view command) {
  for (char c : command) {
    if (is_control(c)) return "a command of labgpu is one line, without control characters";
  }
  if (command.size() >= kLongest) return "the command is too long";
  for (command = skip_blanks(command); !command.empty(); command = skip_blanks(command)) {
    if (count_ == kMostWords) return "the command has too many words";
    words_[count_++] = text_.c_str() + text_.view().size();
    if (const char* problem = take_word(command)) return problem;
    add('\0');
  }
  return nullptr;
}

// One word and its end, off the front of `rest`.
const char* CommandWords::take_word(std::string_view& rest) {
  char quote = '\0';
  while (!rest.empty() && (quote != '\0' || !is_blank(rest.front()))) {
    char c = take(rest);
    if (c == quote) {
      quote = '\0';
    } else if (quote != '\'' && c == '\\') {
      if (rest.empty()) return "the command ends in a backslash";
      // In double quotes it is itself before any other character.
      if (quote == '"' && std::string_view("\"\\$`").find(rest.front()) == std::string_view::npos) {
        add(c);
      }
      add(take(rest));
    } else if (quote == '\0' && (c == '\'' || c == '"')) {
      quote = c;
    } else if (quote != '\'' && (c == '$' || c == '`' || (quote == '\0' && is_special(c)))) {
      return kNoShell;
    } else {
      add(c);
    }
  }
  return quote == '\0' ? nullptr : "the command lacks a closing quote";
}

}  // namespace labgpu
