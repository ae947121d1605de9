// One peer of init's socket: the states it goes through, and what each packet does.
#include "init/connection.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/wait.h>

#include "init/log.h"
#include "init/provision.h"
#include "init/terminal.h"

namespace labgpu {

namespace {

// From accept to Start. The helper connects only when a session command waits for the connection.
constexpr uint32_t kHandshakeMs = 20000;
constexpr uint32_t kNoWait = 0;

// One packet is handled at a time, so one buffer serves all connections.
unsigned char packet_buffer[kMaxPacket];

// What a session command may send on: the signals that sshd passes (session.c, name2sig), and those
// that people send to a process they know.
bool may_forward(int number) {
  constexpr int kForwarded[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGKILL, SIGTERM,
                                SIGUSR1, SIGUSR2, SIGALRM, SIGCONT};
  for (int forwarded : kForwarded) {
    if (forwarded == number) return true;
  }
  return false;
}

// A session command that has given up, because this container was frozen for long, has told its
// user that nothing runs.
bool has_hung_up(int socket) {
  pollfd peer{.fd = socket, .events = POLLRDHUP, .revents = 0};
  return poll(&peer, 1, 0) > 0 && (peer.revents & (POLLRDHUP | POLLHUP)) != 0;
}

// Of a user or a group.
bool is_persons_name(std::string_view name) { return is_user_name(name) && name != "root"; }

}  // namespace

void Connection::begin(UniqueFd socket) {
  socket_ = static_cast<UniqueFd&&>(socket);
  state_ = State::kHello;
  handshake_ = Deadline::after_ms(kHandshakeMs);
  command_ = 0;
}

void Connection::end() {
  socket_.reset();
  command_ = 0;
}

bool Connection::is_late() const {
  return in_use() && state_ != State::kRunning && handshake_.poll_timeout() == 0;
}

void Connection::on_readable() {
  Packet packet;
  int error = receive_raw(socket_.get(), packet_buffer, packet, Deadline::after_ms(kNoWait));
  if (error == ETIMEDOUT) return;
  if (error != 0 || !handle(packet)) end();
}

bool Connection::handle(Packet& packet) {
  struct Rule {
    State state;
    MessageType type;
    bool (Connection::*handler)(Packet&);
  };
  // Which packet is taken in which state. What is not here ends the connection.
  constexpr Rule kRules[] = {
      {State::kHello, MessageType::kHello, &Connection::handle_hello},
      {State::kIdentity, MessageType::kIdentity, &Connection::handle_identity},
      {State::kStart, MessageType::kStart, &Connection::handle_start},
      {State::kRunning, MessageType::kSignal, &Connection::handle_signal},
  };
  for (const Rule& rule : kRules) {
    if (rule.state == state_ && rule.type == packet.type) return (this->*rule.handler)(packet);
  }
  return false;
}

bool Connection::handle_hello(Packet& packet) {
  Hello hello;
  if (parse_packet(packet, hello) != 0) return false;
  if (hello.version != kProtocolVersion) {
    return fail(FailureCode::kVersion,
                "the container runs another version of labgpu; restart it with `labgpu restart`");
  }
  state_ = State::kIdentity;
  return send_message(socket_.get(), Hello{}, Deadline::after_ms(kNoWait)) == 0;
}

bool Connection::handle_identity(Packet& packet) {
  Identity identity;
  if (parse_packet(packet, identity) != 0) return false;
  // Root's own line is the image's; there is no account to make.
  bool root = identity.login_as_root == 1;
  if (!is_persons_name(identity.user) || !is_persons_name(identity.group) || identity.uid == 0 ||
      identity.gid == 0 || !is_plain_path(identity.home) ||
      identity.home.size() > Identity::kMaxHome) {
    return fail(FailureCode::kInvalid, "the account's names, ids or home are not valid");
  }
  GuestAccount account{.name = identity.user,
                       .uid = identity.uid,
                       .gid = identity.gid,
                       .group = identity.group,
                       .home = identity.home};
  Provisioned provisioned;
  Sentence sentence;
  if (!provision_account(account, provisioned, sentence)) {
    log_line(sentence.view());
    return fail(FailureCode::kSystem, sentence.view());
  }
  login_.name.clear();
  login_.home.clear();
  login_.account_home.clear();
  login_.name.add(root ? "root" : identity.user);
  login_.home.add(root ? "/root" : identity.home);
  login_.account_home.add(identity.home);
  login_.uid = root ? 0 : identity.uid;
  login_.gid = root ? 0 : identity.gid;
  login_.account_is_new = provisioned.account_is_new && !root;
  state_ = State::kStart;
  return true;
}

bool Connection::handle_start(Packet& packet) {
  Start start;
  if (parse_packet(packet, start) != 0 || has_hung_up(socket_.get())) return false;
  Terminal terminal;
  Command command{.login = login_, .start = start, .stdio = {-1, -1, -1}, .terminal_name = nullptr};
  if (start.terminal == 1) {
    int error = open_terminal(start, login_.uid, terminal);
    if (error != 0) return fail("cannot open a terminal in the container", error);
    command.terminal_name = terminal.name.c_str();
    for (int& fd : command.stdio) fd = terminal.slave.get();
  } else {
    for (size_t i = 0; i < packet.fd_count; ++i) command.stdio[i] = packet.fds[i].get();
  }
  pid_t pid = 0;
  int error = start_command(command, pid);
  if (error != 0) return fail("cannot start a process in the container", error);
  command_ = pid;
  state_ = State::kRunning;
  int master = terminal.master.get();
  return send_message(socket_.get(), Started{.terminal = start.terminal},
                      Deadline::after_ms(kNoWait),
                      std::span<const int>(&master, start.terminal == 1 ? 1 : 0)) == 0;
}

bool Connection::handle_signal(Packet& packet) {
  Signal signal;
  if (parse_packet(packet, signal) != 0) return false;
  if (!may_forward(signal.number)) return true;
  // The group exists once the child has called setsid(2); until then there is only the child.
  if (killpg(command_, signal.number) != 0 && errno == ESRCH) kill(command_, signal.number);
  return true;
}

bool Connection::fail(FailureCode code, std::string_view sentence) {
  [[maybe_unused]] int error = send_message(
      socket_.get(), Failure{static_cast<uint16_t>(code), sentence}, Deadline::after_ms(kNoWait));
  return false;
}

bool Connection::fail(std::string_view what, int error) {
  Sentence sentence;
  sentence.add(what).add(": ").add(strerror(error));
  return fail(FailureCode::kSystem, sentence.view());
}

void Connection::on_command_ended(int status) {
  Exited exited;
  exited.by_signal = WIFSIGNALED(status) ? 1 : 0;
  exited.value = static_cast<uint8_t>(WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
  // A peer that does not take it is gone, or hostile to itself.
  [[maybe_unused]] int error = send_message(socket_.get(), exited, Deadline::after_ms(kNoWait));
  end();
}

}  // namespace labgpu
