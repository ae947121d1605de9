// Starts one command of one account. Everything but start_command() runs in the child.
#include "init/command.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/read_text_file.h"
#include "init/agent_link.h"
#include "init/environment.h"
#include "init/greeting.h"
#include "init/provision.h"
#include "init/sftp.h"
#include "init/skeleton.h"
#include "init/terminal.h"

namespace labgpu {

namespace {

// sshd's statuses: 254 when a login ends before its shell (session.c, do_child, PAM), 1 when the
// shell cannot be executed; a shell's own 127 when a command is not there.
constexpr int kNoSession = 254;
constexpr int kNoShell = 1;
constexpr int kNoCommand = 127;

void say(std::string_view text) {
  [[maybe_unused]] ssize_t written = write(STDERR_FILENO, text.data(), text.size());
}

[[noreturn]] void give_up(int status, const char* what, int error) {
  TextBuffer<PATH_MAX + 256> line;
  line.add(what).add(": ").add(strerror(error)).add("\n");
  say(line.view());
  _exit(status);
}

void connect_stdio(const Command& command) {
  if (setsid() < 0) give_up(kNoSession, "labgpu: setsid", errno);
  if (command.terminal_name != nullptr) {
    int error = take_terminal(command.stdio[0]);
    if (error != 0) give_up(kNoSession, "labgpu: controlling terminal", error);
    settle_typed(command.stdio[0], command.start);
  }
  // Nothing of init's is closed here: all of it is close-on-exec. None of the three is 0, 1 or 2,
  // which init keeps taken.
  for (int fd = 0; fd < 3; ++fd) {
    if (dup2(command.stdio[fd], fd) < 0) give_up(kNoSession, "labgpu: dup2", errno);
  }
}

// What each of them does is what init began with (main.cc).
void unblock_signals() {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

void become(const Login& login) {
  int error = set_groups(login.name.view(), login.gid);
  if (error == 0 && setresgid(login.gid, login.gid, login.gid) != 0) error = errno;
  if (error == 0 && setresuid(login.uid, login.uid, login.uid) != 0) error = errno;
  if (error != 0) give_up(kNoSession, "labgpu: cannot become the account's user", error);
}

// pam_umask(8) lets the group of a user write what is the user's, but not root's.
void set_umask(const Login& login, uint16_t wanted) {
  constexpr mode_t kRoots = 022;
  umask((wanted & 0777U) | (login.uid == 0 ? kRoots : 0));
}

void enter_home(const char* home) {
  if (chdir(home) == 0) return;
  int error = errno;
  TextBuffer<PATH_MAX + 256> line;
  line.add("Could not chdir to home directory ").add(home).add(": ");
  line.add(strerror(error)).add("\n");
  say(line.view());
  if (chdir("/") != 0) give_up(kNoSession, "/", errno);
}

// sshd has run xauth(1) as the account's user, whose home root does not look into by itself.
void add_cookie_file(const Login& login, Environment& environment) {
  if (login.home.view() == login.account_home.view() || !environment.has("DISPLAY") ||
      environment.has("XAUTHORITY")) {
    return;
  }
  TextBuffer<Identity::kMaxHome + 16> path;
  environment.set("XAUTHORITY", path.add(login.account_home.view()).add("/.Xauthority").view());
}

// What a plain sshd sets comes after what the container says, and what the client sent last: LANG
// of the client is to win over LANG of the image, as it does with sshd.
char* const* make_environment(const Command& command, const Shell& shell) {
  static Environment environment;
  static char file[64 * 1024];
  add_image_environment(environ, environment);
  std::string_view text;
  if (read_text_file("/etc/environment", file, text) == 0) add_environment_file(text, environment);
  environment.set("HOME", command.login.home.view());
  environment.set("USER", command.login.name.view());
  environment.set("LOGNAME", command.login.name.view());
  environment.set("SHELL", shell.view());
  TextList sent = command.start.environment;
  for (std::string_view assignment; sent.next(assignment);) environment.set(assignment);
  add_cookie_file(command.login, environment);
  if (command.terminal_name != nullptr) environment.set("SSH_TTY", command.terminal_name);
  return environment.pointers();
}

// A terminal is somebody who stays; a command may be over in a moment, and its agent with it.
void keep_agent_path(const Command& command) {
  constexpr std::string_view kVariable = "SSH_AUTH_SOCK=";
  TextList sent = command.start.environment;
  for (std::string_view assignment; sent.next(assignment);) {
    if (!has_prefix(assignment, kVariable)) continue;
    assignment.remove_prefix(kVariable.size());
    link_agent(command.login.home.view(), assignment, command.start.terminal == 1);
  }
}

// The command line for `shell -c`, NUL-terminated.
const char* command_line(const Start& start) {
  static CommandLine line;
  auto is_program = [](const char* path) { return access(path, X_OK) == 0; };
  switch (resolve_sftp(start.command, is_program, line)) {
    case SftpCommand::kMoved:
      return line.c_str();
    case SftpCommand::kMissing:
      say("labgpu: neither the container nor the server has an sftp server: install "
          "openssh-sftp-server in one of them, or use `scp -O`\n");
      _exit(kNoCommand);
    case SftpCommand::kOther:
      break;
  }
  line.clear();
  return line.add(start.command).c_str();
}

[[noreturn]] void execute(const Command& command, const Shell& shell, char* const* environment) {
  const char* slash = strrchr(shell.c_str(), '/');
  const char* base = slash == nullptr ? shell.c_str() : slash + 1;
  TextBuffer<PATH_MAX> name;
  if (command.start.login_shell == 1) {
    show_greeting(command.login.home.c_str());
    name.add("-").add(base);  // login(1)'s sign for a login shell
    const char* arguments[] = {name.c_str(), nullptr};
    execve(shell.c_str(), const_cast<char**>(arguments), environment);
  } else {
    const char* arguments[] = {base, "-c", command_line(command.start), nullptr};
    execve(shell.c_str(), const_cast<char**>(arguments), environment);
  }
  give_up(kNoShell, shell.c_str(), errno);
}

[[noreturn]] void run_child(const Command& command) {
  const Login& login = command.login;
  connect_stdio(command);
  unblock_signals();
  static Shell shell;
  if (!find_shell(login.name.view(), shell)) {
    give_up(kNoSession, "labgpu: the account is not in the container's /etc/passwd", ENOENT);
  }
  become(login);
  set_umask(login, command.start.umask);
  enter_home(login.home.c_str());
  if (login.account_is_new) copy_skeleton("/etc/skel", login.home.c_str());
  keep_agent_path(command);
  execute(command, shell, make_environment(command, shell));
}

}  // namespace

int start_command(const Command& command, pid_t& pid) {
  pid = fork();
  if (pid < 0) return errno;
  if (pid == 0) run_child(command);
  return 0;
}

}  // namespace labgpu
