// Children and environments, read from /proc.
#include "helper/login_commands.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "common/parse.h"
#include "common/paths.h"
#include "helper/read_file.h"

namespace labgpu {

namespace {

// From sshd's monitor to the session command it is two steps; a command of the user's own may start
// the session command from a shell.
constexpr int kMostSteps = 6;
constexpr size_t kLongestShown = 200;

std::string in_proc(pid_t process, const char* file) {
  return "/proc/" + std::to_string(process) + "/" + file;
}

// proc(5), /proc/PID/task/TID/children: numbers with a space behind each. sshd has one thread.
std::vector<pid_t> children_of(pid_t process) {
  std::vector<pid_t> children;
  auto text =
      read_file(in_proc(process, ("task/" + std::to_string(process) + "/children").c_str()));
  if (!text) return children;
  for (std::string_view rest = *text; !rest.empty();) {
    auto space = rest.find(' ');
    uint32_t number = 0;
    if (parse_u32(rest.substr(0, space), number)) children.push_back(static_cast<pid_t>(number));
    rest.remove_prefix(space == std::string_view::npos ? rest.size() : space + 1);
  }
  return children;
}

// sshd runs it as the account's shell, by its base name or, for a login shell, with a hyphen before
// that, and has a shell that is another program run it (session.c, do_child).
bool is_session_command(pid_t process) {
  constexpr std::string_view kPath = kSessionCommand;
  constexpr auto kBaseName = kPath.substr(kPath.rfind('/') + 1);
  auto arguments = read_file(in_proc(process, "cmdline"));
  if (!arguments) return false;
  std::string_view rest = *arguments;
  auto first = rest.substr(0, rest.find('\0'));
  if (first.starts_with('-')) first.remove_prefix(1);
  if (first == kBaseName) return true;
  for (int i = 0; i < 3 && !rest.empty(); ++i) {
    auto argument = rest.substr(0, rest.find('\0'));
    if (argument == kPath) return true;
    rest.remove_prefix(std::min(argument.size() + 1, rest.size()));
  }
  return false;
}

std::string shortened(std::string_view text) {
  std::string shown(text.substr(0, kLongestShown));
  return text.size() > kLongestShown ? shown + " ..." : shown;
}

// What `ssh alice@host labgpu status` has become: the words are its arguments.
std::optional<LoginCommand> own_command_of(pid_t process) {
  auto arguments = read_file(in_proc(process, "cmdline"));
  if (!arguments || !arguments->starts_with(std::string_view(kSelfCommand, sizeof kSelfCommand))) {
    return std::nullopt;
  }
  auto text = "labgpu" + arguments->substr(sizeof kSelfCommand - 1);
  if (text.ends_with('\0')) text.pop_back();
  std::replace(text.begin(), text.end(), '\0', ' ');
  return LoginCommand{.text = shortened(text)};
}

// "NAME=value" of each, up to the next NUL (proc(5), /proc/PID/environ).
LoginCommand command_of(pid_t process) {
  constexpr std::string_view kCommand = "SSH_ORIGINAL_COMMAND=";
  constexpr std::string_view kTerminal = "SSH_TTY=";
  LoginCommand command;
  auto environment = read_file(in_proc(process, "environ"));
  if (!environment) return command;
  for (std::string_view rest = *environment; !rest.empty();) {
    auto variable = rest.substr(0, rest.find('\0'));
    rest.remove_prefix(std::min(variable.size() + 1, rest.size()));
    if (variable.starts_with(kTerminal)) command.terminal = true;
    if (!variable.starts_with(kCommand)) continue;
    variable.remove_prefix(kCommand.size());
    command.text = shortened(variable);
  }
  return command;
}

void add_commands(pid_t process, int steps, std::vector<LoginCommand>& commands) {
  if (auto own = own_command_of(process)) {
    commands.push_back(std::move(*own));
  } else if (is_session_command(process)) {
    commands.push_back(command_of(process));
  } else if (steps > 0) {
    for (pid_t child : children_of(process)) add_commands(child, steps - 1, commands);
  }
}

}  // namespace

std::string what_runs(pid_t session_command) {
  auto command = command_of(session_command);
  std::string what = "a shell";
  if (!command.text.empty()) {
    auto end = command.text.find_first_of(" \t\n;&|<>()'\"`$=");
    what = command.text.substr(0, std::min(end, size_t{64}));
    if (what.empty()) what = "a command";
  }
  return command.terminal ? what + " at a terminal" : what;
}

std::vector<LoginCommand> commands_of_login(pid_t process) {
  std::vector<LoginCommand> commands;
  add_commands(process, kMostSteps, commands);
  return commands;
}

}  // namespace labgpu
