// authorized_keys, line by line.
#include "session/key_command.h"

#include <strings.h>

#include <algorithm>

#include "common/parse.h"

namespace labgpu {

namespace {

struct Options {
  bool has_command = false;
  std::string_view command;  // still quoted
  bool may_not_fit = false;  // the line may be another client's, or out of date
  bool is_for_certificates = false;
};

bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::string_view skip_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  return text;
}

// Up to the first character of `ends` outside of quotes; inside, \" is no quote (misc.c,
// opt_dequote).
size_t unquoted_end(std::string_view text, std::string_view ends) {
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == '"') {
      ++i;
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (!quoted && ends.find(text[i]) != std::string_view::npos) {
      return i;
    }
  }
  return text.size();
}

bool is_named(std::string_view option, std::string_view name) {
  return option.size() == name.size() && strncasecmp(option.data(), name.data(), name.size()) == 0;
}

void take_option(std::string_view option, Options& out) {
  size_t equals = std::min(option.find('='), option.size());
  std::string_view name(option.data(), equals);
  if (is_named(name, "command") && equals < option.size()) {
    out.has_command = true;
    out.command = option;
    out.command.remove_prefix(equals + 1);
  }
  out.may_not_fit |= is_named(name, "from") || is_named(name, "expiry-time");
  out.is_for_certificates |= is_named(name, "cert-authority");
}

Options parse_options(std::string_view text) {
  Options options;
  while (!text.empty()) {
    size_t end = unquoted_end(text, ",");
    take_option(std::string_view(text.data(), end), options);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return options;
}

// In a line a key may have the name of its signatures as well (sshkey.c, keyimpls, of the same
// type).
bool is_word_for(std::string_view word, std::string_view type) {
  if (word == type) return true;
  if (type == "ssh-rsa") return word == "rsa-sha2-256" || word == "rsa-sha2-512";
  return type == "sk-ecdsa-sha2-nistp256@openssh.com" &&
         word == "webauthn-sk-ecdsa-sha2-nistp256@openssh.com";
}

bool begins_with_key(std::string_view text, std::string_view key) {
  size_t space = key.find(' ');
  size_t end = 0;
  while (end < text.size() && !is_blank(text[end])) ++end;
  if (!is_word_for({text.data(), end}, {key.data(), space})) return false;
  text.remove_prefix(end);
  key.remove_prefix(space + 1);
  text = skip_blanks(text);
  if (!has_prefix(text, key)) return false;
  text.remove_prefix(key.size());
  return text.empty() || is_blank(text.front()) || text.front() == '\r';
}

// Does the line have this key, and with what options?
bool match_line(std::string_view line, std::string_view key, Options& options) {
  options = {};
  line = skip_blanks(line);
  if (begins_with_key(line, key)) return true;
  size_t end = unquoted_end(line, " \t");
  std::string_view rest = line;
  rest.remove_prefix(end);
  if (!begins_with_key(skip_blanks(rest), key)) return false;
  options = parse_options(std::string_view(line.data(), end));
  return !options.is_for_certificates;
}

void unquote(std::string_view quoted, KeyCommandText& out) {
  out.clear();
  if (!quoted.empty() && quoted.front() == '"') quoted.remove_prefix(1);
  for (size_t i = 0; i < quoted.size() && quoted[i] != '"'; ++i) {
    if (quoted[i] == '\\' && i + 1 < quoted.size() && quoted[i + 1] == '"') ++i;
    out.add(std::string_view(&quoted[i], 1));
  }
}

}  // namespace

KeyCommand find_key_command(std::string_view file, std::string_view key, KeyCommandText& out) {
  if (key.find(' ') == std::string_view::npos) return KeyCommand::kNotListed;
  KeyCommand found = KeyCommand::kNotListed;
  while (!file.empty()) {
    size_t end = std::min(file.find('\n'), file.size());
    Options options;
    if (match_line(std::string_view(file.data(), end), key, options)) {
      if (options.has_command) {
        unquote(options.command, out);
        return KeyCommand::kForced;
      }
      found = KeyCommand::kFree;
      if (!options.may_not_fit) return found;
    }
    file.remove_prefix(std::min(end + 1, file.size()));
  }
  return found;
}

}  // namespace labgpu
