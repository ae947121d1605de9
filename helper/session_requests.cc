// PAM's two requests of the session socket.
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "helper/account_password.h"
#include "helper/life_log.h"
#include "helper/login_policy.h"
#include "helper/session_connection.h"

namespace labgpu {

namespace {

// How often it is looked whether an image is being fetched.
constexpr std::chrono::milliseconds kGlance{100};

}  // namespace

// The account that PAM asks about; the error's sentence is for the person.
Result<AccountPointer> SessionServer::account_of(std::string_view user, const HostAccount& host) {
  if (host.origin == static_cast<uint8_t>(AccountOrigin::kHost)) {
    return host_accounts_.admit(user, host);
  }
  auto account = accounts_.find(std::string(user));
  if (account && !account->bridged) return account;
  return Failed(no_account());
}

SessionServer::Next SessionServer::check_account(Connection& connection, Packet& packet) {
  CheckAccount request;
  if (parse_packet(packet, request) != 0) return Next::kClose;
  auto account = account_of(request.user, request.host);
  if (!account && account.error().code == ErrorCode::kNotFound) {
    return refuse(connection, account.error());
  }
  auto refusal = account ? refuse_login(**account) : std::optional(account.error().message);
  if (!refusal) {
    bool change_password = password_must_change(**account);
    return reply(connection,
                 AccountVerdict{.allowed = 1,
                                .change_password = static_cast<uint8_t>(change_password ? 1 : 0),
                                .sentence = {}});
  }
  std::string user(request.user);
  log_life(
      LogLevel::kNotice, LifeEvent::kRefused, user, "",
      "refused a login of " + user + " from " + std::string(request.remote_host) + ": " + *refusal);
  return reply(connection,
               AccountVerdict{.allowed = 0, .change_password = 0, .sentence = *refusal});
}

SessionServer::Next SessionServer::open_session(Connection& connection, Packet& packet) {
  OpenSession request;
  if (parse_packet(packet, request) != 0) return Next::kClose;
  auto found = account_of(request.user, request.host);
  if (!found) return refuse(connection, found.error());
  auto account = *found;
  // Also what PAM's account phase has let pass: two logins at once may both have come before one.
  if (auto refusal = refuse_login(*account)) {
    return refuse(connection, failure(FailureCode::kNotAllowed, *refusal));
  }
  connection.user = account->name;
  connection.remote_host = std::string(request.remote_host);
  connection.since = now_in_microseconds();
  connection.process.reset(static_cast<int>(syscall(SYS_pidfd_open, connection.peer.pid, 0)));
  if (auto container = containers_.running(*account)) {
    return answer_opened(connection, container.get());
  }

  // The rest is left for the session command, which can say why it ends.
  auto longest = limits_.login * 3 / 4;
  auto now = Clock::now();
  auto wait = std::min(std::chrono::milliseconds(request.wait_ms), longest);
  limit_wait(connection, account, now, now + wait);
  start_work(connection, wait_for_container(connection, account));
  return Next::kKeep;
}

// What ends is the waiting, not the work. Nobody sees anything before PAM is done, so it does not
// wait for an image: the session command does, and shows how far it is.
void SessionServer::limit_wait(Connection& connection, const AccountPointer& account,
                               Clock::time_point begun, Clock::time_point deadline) {
  auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
  auto glance = std::clamp(left, std::chrono::milliseconds(0), kGlance);
  connection.timer = loop_.after(glance, [this, &connection, account, begun, deadline] {
    auto now = Clock::now();
    auto progress = containers_.progress(*account);
    if (now < deadline && (!progress || progress->image.empty())) {
      limit_wait(connection, account, begun, deadline);
      return;
    }
    connection.work.reset();
    connection.waited = std::chrono::duration_cast<std::chrono::milliseconds>(now - begun);
    if (answer_opened(connection, nullptr) == Next::kClose) drop(connection.number);
  });
}

Task<void> SessionServer::wait_for_container(Connection& connection, AccountPointer account) {
  auto starting = containers_.ensure_running(*account);
  auto container = co_await starting;
  if (!container) {
    log_life(LogLevel::kWarning, LifeEvent::kFailed, account->name, "",
             "no container for " + account->name + " at login: " + container.error().message);
  }
  connection.timer.reset();
  const auto* running = container ? container->get() : nullptr;
  if (answer_opened(connection, running) == Next::kClose) close_later(connection);
}

SessionServer::Next SessionServer::answer_opened(Connection& connection,
                                                 const RunningContainer* container) {
  SessionOpened opened{.ready = static_cast<uint8_t>(container != nullptr ? 1 : 0),
                       .session = connection.number};
  auto next = Next::kClose;
  if (container != nullptr) {
    int fds[] = {container->net_namespace.get(), container->uts_namespace.get(),
                 container->tmp_directory.get()};
    next = reply(connection, opened, fds);
  } else {
    next = reply(connection, opened);
  }
  if (next == Next::kClose) return next;
  connection.state = ConnectionState::kSession;
  ++begun_[connection.user];
  listen_to(connection, EPOLLIN | EPOLLRDHUP);
  log_.add(LifeEvent::kLogin, connection.user, connection.number,
           "session opened for " + connection.user + " from " + connection.remote_host +
               (container != nullptr ? "" : ", without its container yet"));
  return Next::kKeep;
}

void SessionServer::start_work(Connection& connection, Task<void> work) {
  connection.state = ConnectionState::kWorking;
  listen_to(connection, EPOLLRDHUP);
  connection.work.emplace(std::move(work));
  connection.work->start();
}

void SessionServer::close_later(const Connection& connection) {
  loop_.post([this, number = connection.number] { drop(number); });
}

}  // namespace labgpu
