// labgpu-session: what sshd runs on the host in place of a user's shell. It takes the login into
// the user's container, and ends as the command in there ended.
//
// It runs as the user, in the login view that pam_labgpu made, and is static: nothing that the user
// or the client puts into the environment changes how it is loaded. run() shows the order of
// things. Arguments: session/invocation.h. Exit statuses: session/ending.h.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "session/attach.h"
#include "session/client_terminal.h"
#include "session/container.h"
#include "session/environment.h"
#include "session/greeting.h"
#include "session/invocation.h"
#include "session/jail.h"
#include "session/login_key.h"
#include "session/own_command.h"
#include "session/relay.h"
#include "session/self_service.h"

namespace labgpu {

namespace {

// Static: one process, one session, no heap.
unsigned char packet_buffer[kMaxPacket];
unsigned char environment_buffer[48 * 1024];
KeyCommandText key_command;

// Nothing that is executed gains rights, no core file has a user's data, 0 to 2 are taken, and
// `nothing` is /dev/null.
bool prepare_process(UniqueFd& nothing) {
  rlimit no_core{.rlim_cur = 0, .rlim_max = 0};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
  if (setrlimit(RLIMIT_CORE, &no_core) != 0) return false;
  int fd = 0;
  do {
    fd = open("/dev/null", O_RDWR | O_CLOEXEC);
  } while (fd >= 0 && fd <= STDERR_FILENO);
  nothing.reset(fd);
  return nothing.valid();
}

// What to run; tells the user and returns false when that cannot be known.
bool find_invocation(int argc, char** argv, Invocation& out) {
  KeyCommand found = KeyCommand::kNotListed;
  if (is_forced_by_drop_in(argc, argv)) {
    LoginKeySources sources{
        .auth_info = getenv("SSH_USER_AUTH"), .home = getenv("HOME"), .user = getenv("USER")};
    int error = find_login_key_command(sources, found, key_command);
    if (error != 0) {
      tell_user("cannot read ~/.ssh/authorized_keys to see whether this key is bound to a command",
                strerror(error));
      return false;
    }
  }
  out = decide_invocation(argc, argv, getenv("SSH_ORIGINAL_COMMAND"),
                          found == KeyCommand::kForced ? key_command.c_str() : nullptr);
  if (!out.valid) tell_user("this is a login shell for sshd; usage: labgpu-session [-c COMMAND]");
  return out.valid;
}

// From now on these arrive in the returned descriptor. SIGPIPE goes nowhere: writes report EPIPE.
// The hang-up of a terminal is left to end the process, which is what it does to a shell: a
// container can make its own terminal one that blocks whoever uses it, and nothing would be heard
// then.
UniqueFd take_over_signals(bool has_terminal) {
  constexpr int kTaken[] = {SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGWINCH};
  sigset_t taken;
  sigemptyset(&taken);
  for (int number : kTaken) sigaddset(&taken, number);
  if (!has_terminal) sigaddset(&taken, SIGHUP);
  UniqueFd signals(signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK));
  sigaddset(&taken, SIGPIPE);
  sigprocmask(SIG_BLOCK, &taken, nullptr);
  return signals;
}

Start make_start(const Invocation& invocation, const ClientTerminal* terminal) {
  TextListBuilder environment(environment_buffer);
  add_environment(environ, invocation.took_original_command, environment);
  Start start;
  start.umask = static_cast<uint16_t>(umask(022));
  start.login_shell = invocation.login_shell ? 1 : 0;
  start.command = invocation.command;
  start.environment = environment.list();
  if (terminal != nullptr) {
    start.terminal = 1;
    terminal->describe(start);
  }
  return start;
}

int wait_with_terminal(int init, int signals, UniqueFd master, ClientTerminal& terminal,
                       Ending& ending) {
  terminal.make_raw();
  Relay relay(init, signals, static_cast<UniqueFd&&>(master));
  int error = relay.run(ending);
  terminal.restore();
  return error;
}

int run(int argc, char** argv) {
  UniqueFd nothing;
  if (!prepare_process(nothing)) {
    tell_user("cannot prepare the session", strerror(errno));
    return kRefused;
  }
  Invocation invocation;
  if (!find_invocation(argc, argv, invocation)) return kRefused;
  if (!invocation.login_shell && is_own_command(invocation.command)) {
    return run_own_command(invocation.command, packet_buffer);
  }
  ClientTerminal terminal;
  bool has_terminal = terminal.open();
  UniqueFd init;
  ProgressLine progress;
  int status = attach_to_container(has_terminal ? &progress : nullptr, packet_buffer, init);
  if (status != 0) return status;
  if (has_terminal && invocation.login_shell) show_greeting(packet_buffer);

  UniqueFd signals = take_over_signals(has_terminal);
  if (has_terminal) terminal.hold_input();
  Start start = make_start(invocation, has_terminal ? &terminal : nullptr);
  start.echoed = progress.was_shown() ? 0 : 1;
  // So early that init works while this process closes its jail. Not before init was heard of: sshd
  // waits for the end of what it gave as 1 and 2, and a frozen container would keep them.
  status = send_start(init.get(), start, packet_buffer);
  if (status != 0) return status;

  // So far only the helper was heard. From here on bytes come from inside the container. Not
  // earlier, while the helper works: the jail knows one socket by its number, and with a second
  // one, or a way to put another in its place, sockets that the container sends could be spoken to.
  int error = enter_jail(init.get());
  if (error != 0) {
    forward_signal(init.get(), SIGKILL);
    tell_user("the session cannot be confined on this server; tell the administrator",
              strerror(error));
    return kRefused;
  }
  UniqueFd master;
  status = take_started(init.get(), has_terminal, packet_buffer, master);
  if (status != 0) return status;

  Ending ending;
  error = has_terminal ? wait_with_terminal(init.get(), signals.get(),
                                            static_cast<UniqueFd&&>(master), terminal, ending)
                       : wait_without_terminal(init.get(), signals.get(), nothing.get(), ending);
  if (error == 0) end_like(ending);
  return tell_lost("the container stopped, or its labgpu-init was replaced", error);
}

}  // namespace

}  // namespace labgpu

// Without exit handlers: there are none, but those of sanitisers, which the jail ends.
int main(int argc, char** argv) { _exit(labgpu::run(argc, argv)); }
