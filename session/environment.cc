// Which variables of a login's environment the container gets to see.
#include "session/environment.h"

#include "common/parse.h"

namespace labgpu {

namespace {

// Larger ones would only be in the way: no value of these names is long.
constexpr size_t kMaxAssignment = 8192;

struct PassedVariable {
  std::string_view name;  // with a '*' at its end: every name that begins so
  std::string_view reason;
};

constexpr PassedVariable kPassed[] = {
    {"LANG", "AcceptEnv in Debian's sshd_config"},
    {"LC_*", "AcceptEnv in Debian's sshd_config"},
    {"LANGUAGE", "goes with LANG: the order of languages for messages"},
    {"COLORTERM", "AcceptEnv in Debian 13's sshd_config"},
    {"NO_COLOR", "AcceptEnv in Debian 13's sshd_config"},
    {"TERM", "from the client's terminal request"},
    {"TZ", "sshd hands on its own"},
    {"GIT_PROTOCOL", "what git-upload-pack needs for protocol 2; commonly accepted on git servers"},
    {"DISPLAY", "X11 forwarding listens in the container's network"},
    {"XAUTHORITY", "where xauth(1) has put the cookie, when not in the home"},
    {"SSH_AUTH_SOCK", "the forwarded agent's socket, at the same path in the container"},
    {"SSH_CLIENT", "sshd: who the client is"},
    {"SSH_CONNECTION", "sshd: who the client is"},
};

bool matches(std::string_view pattern, std::string_view name) {
  if (!has_suffix(pattern, "*")) return pattern == name;
  pattern.remove_suffix(1);
  return has_prefix(name, pattern);
}

}  // namespace

bool passes_to_container(std::string_view assignment, bool took_original_command) {
  size_t equals = assignment.find('=');
  if (equals == std::string_view::npos || assignment.size() > kMaxAssignment) return false;
  std::string_view name(assignment.data(), equals);
  // The user's own forced command (command= in authorized_keys) reads it.
  if (name == "SSH_ORIGINAL_COMMAND") return !took_original_command;
  for (const PassedVariable& passed : kPassed) {
    if (matches(passed.name, name)) return true;
  }
  return false;
}

void add_environment(char* const* own, bool took_original_command, TextListBuilder& out) {
  for (; *own != nullptr; ++own) {
    if (passes_to_container(*own, took_original_command)) out.add(*own);
  }
}

}  // namespace labgpu
