// Connections to the session socket: who may connect, what may be asked, and when one ends.
#include "helper/session_server.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "common/unique_fd.h"
#include "helper/account_settings.h"
#include "helper/life_log.h"
#include "helper/login_policy.h"
#include "helper/session_connection.h"

namespace labgpu {

namespace {

// Is the process whose directory of /proc that is in this process's namespace of that kind?
// Nothing when nobody can tell.
std::optional<bool> shares(const UniqueFd& process, const std::string& kind) {
  struct stat theirs {};
  struct stat ours {};
  if (fstatat(process.get(), ("ns/" + kind).c_str(), &theirs, 0) != 0 ||
      stat(("/proc/self/ns/" + kind).c_str(), &ours) != 0) {
    return std::nullopt;
  }
  return theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino;
}

// Is the process, as it is now, where pam_labgpu moves sshd's user child? Others than root can make
// a network namespace only within a user namespace of their own (unshare(1)), and an account of the
// host that has left its group has a shell to do that with. A process that ended may have left its
// id to another one; on the host that can only be a process that labgpu's own users cannot start,
// and those of theirs are outside of its network. Nothing, and errno, when nobody can tell.
std::optional<bool> is_moved_by_root(pid_t pid) {
  auto directory = "/proc/" + std::to_string(pid);
  UniqueFd process(open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!process.valid()) return std::nullopt;
  auto network = shares(process, "net");
  auto users = network ? shares(process, "user") : std::nullopt;
  if (!users) return std::nullopt;
  return !*network && *users;
}

}  // namespace

// The whole of what can be asked. What is not here is refused.
const SessionServer::Request SessionServer::kRequests[] = {
    {MessageType::kCheckAccount, Sender::kRoot, &SessionServer::check_account},
    {MessageType::kOpenSession, Sender::kRoot, &SessionServer::open_session},
    {MessageType::kCheckPassword, Sender::kRoot, &SessionServer::check_password},
    {MessageType::kChangePassword, Sender::kRoot, &SessionServer::change_password},
    {MessageType::kAttach, Sender::kManagedOutsideHostNetwork, &SessionServer::attach},
    {MessageType::kManage, Sender::kManagedOutsideHostNetwork, &SessionServer::manage},
    {MessageType::kGreet, Sender::kManagedOutsideHostNetwork, &SessionServer::greet},
};

SessionServer::SessionServer(EventLoop& loop, UniqueFd socket, AccountStore& accounts,
                             HostAccounts& host_accounts, Containers& containers,
                             const SettingsPolicy& policy, const Maintenance& maintenance,
                             PasswordChanges& passwords, Greeter& greeter, SessionLimits limits)
    : loop_(loop),
      accounts_(accounts),
      host_accounts_(host_accounts),
      containers_(containers),
      policy_(policy),
      maintenance_(maintenance),
      passwords_(passwords),
      greeter_(greeter),
      limits_(limits),
      log_(loop),
      quota_(limits.connections),
      listener_(loop, std::move(socket), [this](UniqueFd accepted, Peer peer) {
        accept(std::move(accepted), std::move(peer));
      }) {}

SessionServer::~SessionServer() = default;

uint64_t SessionServer::count_of(const std::string& user) const {
  return static_cast<uint64_t>(
      std::count_if(connections_.begin(), connections_.end(), [&](const auto& entry) {
        return entry.second->state == ConnectionState::kSession && entry.second->user == user;
      }));
}

uint64_t SessionServer::begun_by(const std::string& user) const {
  auto found = begun_.find(user);
  return found == begun_.end() ? 0 : found->second;
}

std::vector<Login> SessionServer::list() const {
  std::vector<Login> logins;
  for (const auto& [number, connection] : connections_) {
    if (connection->state != ConnectionState::kSession) continue;
    logins.push_back({.number = number,
                      .user = connection->user,
                      .remote_host = connection->remote_host,
                      .since = connection->since,
                      .process = connection->peer.pid});
  }
  return logins;
}

// The process is sshd's monitor, root's as labgpud is. It passes the signal on to the process that
// serves the client (monitor.c, monitor_child_handler), and closes PAM's session when that ends.
Result<void> SessionServer::end(uint64_t number) {
  auto found = connections_.find(number);
  if (found == connections_.end() || found->second->state != ConnectionState::kSession) {
    return fail(ErrorCode::kNotFound, "the login " + std::to_string(number) + " is over");
  }
  const auto& process = found->second->process;
  if (syscall(SYS_pidfd_send_signal, process.get(), SIGTERM, nullptr, 0) == 0 || errno == ESRCH) {
    return {};
  }
  return fail_errno("end the login " + std::to_string(number), errno);
}

// A login counts from the moment that PAM opens its session, also while its container is made.
std::optional<std::string> SessionServer::refuse_login(const Account& account) const {
  LoginCircumstances now;
  now.maintenance = maintenance_.word();
  now.max_logins = max_sessions_of(policy_, account);
  for (const auto& [number, connection] : connections_) {
    if (connection->user == account.name) ++now.open_logins;
  }
  return refusal_of(account, now_in_microseconds(), now);
}

std::optional<Failure> SessionServer::refuse_connection(uid_t uid) {
  if (uid != 0 && !accounts_.find(uid)) {
    return failure(FailureCode::kNoAccount, "you have no account of labgpu's on this server");
  }
  if (!quota_.enter(uid)) {
    return failure(FailureCode::kUnavailable, kTooManyConnections);
  }
  return std::nullopt;
}

void SessionServer::accept(UniqueFd socket, Peer peer) {
  auto connection = std::make_unique<Connection>();
  connection->number = ++last_number_;
  connection->socket = std::move(socket);
  connection->peer = std::move(peer);
  if (auto refused = refuse_connection(connection->peer.uid)) {
    refuse(*connection, *refused);
    return;
  }
  limit_silence(*connection);
  listen_to(*connection, EPOLLIN | EPOLLRDHUP);
  auto& kept = *(connections_[connection->number] = std::move(connection));
  on_ready(kept, EPOLLIN);  // most have sent all they have to say by now
}

void SessionServer::limit_silence(Connection& connection) {
  connection.timer = loop_.after(limits_.handshake, [this, number = connection.number] {
    log(LogLevel::kDebug, "dropped a connection that asked nothing");
    drop(number);
  });
}

void SessionServer::drop(uint64_t number) {
  auto found = connections_.find(number);
  if (found == connections_.end()) return;
  const auto& connection = *found->second;
  if (connection.state == ConnectionState::kSession) {
    log_.add(LifeEvent::kLogout, connection.user, number,
             "session closed for " + connection.user + " from " + connection.remote_host);
    log_.write();
  }
  quota_.leave(connection.peer.uid);
  connections_.erase(found);
}

void SessionServer::listen_to(Connection& connection, uint32_t events) {
  connection.readable.reset();  // before a new one: epoll takes a descriptor once
  connection.readable =
      loop_.watch(connection.socket.get(), events,
                  [this, &connection](uint32_t ready) { on_ready(connection, ready); });
}

void SessionServer::on_ready(Connection& connection, uint32_t events) {
  // Hello and a request: a peer that gets both answers at once wakes once.
  constexpr int kPacketsAtOnce = 2;
  bool ended = (events & (EPOLLHUP | EPOLLRDHUP | EPOLLERR)) != 0;
  for (int i = 0; i < kPacketsAtOnce; ++i) {
    if (ended || read_packet(connection) == Next::kClose) return drop(connection.number);
    if (connection.state != ConnectionState::kGreeted) return;
  }
}

SessionServer::Next SessionServer::read_packet(Connection& connection) {
  unsigned char buffer[kSmallPacket];
  Packet packet;
  int error = receive_raw(connection.socket.get(), buffer, packet, Deadline::after_ms(0));
  if (error == ETIMEDOUT) return Next::kKeep;
  auto next = error == 0 ? take_packet(connection, packet) : Next::kClose;
  explicit_bzero(buffer, sizeof buffer);  // it may have held a password
  return next;
}

SessionServer::Next SessionServer::take_packet(Connection& connection, Packet& packet) {
  if (connection.state == ConnectionState::kGreeted) return handle(connection, packet);
  if (connection.state != ConnectionState::kNew) return Next::kClose;
  Hello hello;
  if (parse_packet(packet, hello) != 0) return Next::kClose;
  if (hello.version != kProtocolVersion) {
    return refuse(connection,
                  failure(FailureCode::kVersion, "this server's labgpu was updated; log in again"));
  }
  connection.state = ConnectionState::kGreeted;
  return reply(connection, Hello{});
}

SessionServer::Next SessionServer::handle(Connection& connection, Packet& packet) {
  for (const auto& request : kRequests) {
    if (request.type != packet.type) continue;
    connection.timer.reset();
    if (auto refused = refuse_sender(request.sender, connection.peer)) {
      return refuse(connection, *refused);
    }
    auto next = (this->*request.handle)(connection, packet);
    if (next == Next::kKeep && connection.state == ConnectionState::kGreeted) {
      limit_silence(connection);
    }
    return next;
  }
  return refuse(connection, failure(FailureCode::kInvalid, "labgpu knows no such request"));
}

std::optional<Failure> SessionServer::refuse_sender(Sender sender, const Peer& peer) {
  if (sender == Sender::kRoot) {
    if (peer.uid == 0) return std::nullopt;
    return failure(FailureCode::kNotAllowed, "only root may ask this");
  }
  auto account = accounts_.find(peer.uid);
  if (!account) {
    return failure(FailureCode::kNoAccount, "you have no account of labgpu's on this server");
  }
  auto moved = is_moved_by_root(peer.pid);
  const int reason = errno;
  if (moved == true) return std::nullopt;
  if (said_.enter(account->name)) {
    log(LogLevel::kError,
        moved ? "refused a session outside of a login by ssh; is pam_labgpu.so in the auth and "
                "session lines of the login's PAM service? (labgpu setup puts it there)"
              : std::string("refused a session whose process cannot be looked at: ") +
                    strerror(reason),
        {{kLogUser, account->name}});
  }
  if (moved) {
    return failure(FailureCode::kNotAllowed,
                   "labgpu is not set up for this way of logging in; tell the administrator");
  }
  return failure(FailureCode::kSystem,
                 "the server's labgpu service cannot look at your login now; log in again");
}

SessionServer::Next SessionServer::refuse(const Connection& connection, const Failure& refusal) {
  // A reason that is too long for a packet is better cut than not told.
  constexpr size_t kLongest = kSmallPacket - 64;
  auto cut = refusal;
  cut.sentence = cut.sentence.substr(0, kLongest);
  reply(connection, cut);
  return Next::kClose;
}

SessionServer::Next SessionServer::refuse(const Connection& connection, const Error& error) {
  auto code = FailureCode::kUnavailable;
  if (error.code == ErrorCode::kSystem) code = FailureCode::kSystem;
  if (error.code == ErrorCode::kInvalid) code = FailureCode::kInvalid;
  if (error.code == ErrorCode::kDenied) code = FailureCode::kNotAllowed;
  if (error.code == ErrorCode::kTimeout) code = FailureCode::kNotYet;
  if (error.code == ErrorCode::kNotFound) code = FailureCode::kNoAccount;
  if (error.code == ErrorCode::kWrongPassword) code = FailureCode::kWrongPassword;
  if (error.code == ErrorCode::kTooManyAttempts) code = FailureCode::kTooManyAttempts;
  return refuse(connection, failure(code, error.message));
}

}  // namespace labgpu
