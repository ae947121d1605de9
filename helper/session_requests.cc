// The three requests of the session socket.
#include <sys/epoll.h>

#include <algorithm>
#include <utility>

#include "helper/init_connection.h"
#include "helper/log.h"
#include "helper/session_connection.h"

namespace labgpu {

namespace {

constexpr char kLocked[] = "your account is locked on this server; ask the administrator";
constexpr char kNotYet[] =
    "your container is not ready yet; the work goes on, try again in a minute";
constexpr char kWorking[] = "starting your container ...";

// More than any login waits; it only keeps a mistaken number from holding a request for ever.
constexpr uint32_t kLongestWaitMs = 120000;

Failure no_account() {
  return {.code = static_cast<uint16_t>(FailureCode::kNoAccount),
          .sentence =
              "labgpu does not know this account, or its record is damaged; tell the "
              "administrator"};
}

Failure not_allowed(std::string_view why) {
  return {.code = static_cast<uint16_t>(FailureCode::kNotAllowed), .sentence = why};
}

}  // namespace

SessionServer::Next SessionServer::check_account(Connection& connection, Packet& packet) {
  CheckAccount request;
  if (parse_packet(packet, request) != 0) return Next::kClose;
  auto account = accounts_.find(std::string(request.user));
  if (!account) return refuse(connection, no_account());
  AccountVerdict verdict{.allowed = 1, .sentence = {}};
  if (account->locked) {
    verdict = {.allowed = 0, .sentence = kLocked};
    log(LogLevel::kNotice,
        "refused a login of the locked account " + account->name + " from " +
            std::string(request.remote_host),
        {{kLogUser, account->name}});
  }
  return reply(connection, verdict);
}

SessionServer::Next SessionServer::open_session(Connection& connection, Packet& packet) {
  OpenSession request;
  if (parse_packet(packet, request) != 0) return Next::kClose;
  auto account = accounts_.find(std::string(request.user));
  if (!account) return refuse(connection, no_account());
  if (account->locked) return refuse(connection, not_allowed(kLocked));
  connection.user = account->name;
  connection.remote_host = std::string(request.remote_host);
  if (auto container = containers_.running(*account)) {
    return answer_opened(connection, container.get());
  }

  // The timer stops the waiting, not the work.
  auto wait = std::chrono::milliseconds(std::min(request.wait_ms, kLongestWaitMs));
  connection.timer = loop_.after(wait, [this, &connection] {
    connection.work.reset();
    if (answer_opened(connection, nullptr) == Next::kClose) drop(connection.number);
  });
  start_work(connection, wait_for_container(connection, account));
  return Next::kKeep;
}

Task<void> SessionServer::wait_for_container(Connection& connection, AccountPointer account) {
  auto starting = containers_.ensure_running(*account);
  auto container = co_await starting;
  if (!container) {
    log(LogLevel::kWarning,
        "no container for " + account->name + " at login: " + container.error().message,
        {{kLogUser, account->name}});
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
  listen_to(connection, EPOLLIN | EPOLLRDHUP);
  log(LogLevel::kInfo,
      "session opened for " + connection.user + " from " + connection.remote_host +
          (container != nullptr ? "" : ", without its container yet"),
      {{kLogUser, connection.user}, {kLogSession, std::to_string(connection.number)}});
  return Next::kKeep;
}

SessionServer::Next SessionServer::attach(Connection& connection, Packet& packet) {
  Attach request;
  if (parse_packet(packet, request) != 0) return Next::kClose;
  auto account = accounts_.find(connection.peer.uid);
  if (account->locked) return refuse(connection, not_allowed(kLocked));
  if (request.wants_progress == 1) {
    connection.timer =
        loop_.after(limits_.progress, [this, &connection] { show_progress(connection); });
  } else {
    connection.timer = loop_.after(limits_.attach, [this, &connection] {
      refuse(connection,
             Failure{.code = static_cast<uint16_t>(FailureCode::kNotYet), .sentence = kNotYet});
      drop(connection.number);
    });
  }
  start_work(connection, hand_over_init(connection, account));
  return Next::kKeep;
}

void SessionServer::show_progress(Connection& connection) {
  if (reply(connection, Progress{.line = kWorking}) == Next::kClose) {
    drop(connection.number);
    return;
  }
  connection.timer =
      loop_.after(limits_.progress, [this, &connection] { show_progress(connection); });
}

Task<Result<UniqueFd>> SessionServer::reach_init(AccountPointer account) {
  auto settings = resolve_settings(defaults_, account->settings, account->name);
  if (!settings) co_return Failed(settings.error());
  auto container = containers_.running(*account);
  if (!container) {
    auto starting = containers_.ensure_running(*account);
    auto started = co_await starting;
    if (!started) co_return Failed(started.error());
    container = *started;
  }
  auto connecting = connect_init(loop_, container, *account, settings->login);
  co_return co_await connecting;
}

Task<void> SessionServer::hand_over_init(Connection& connection, AccountPointer account) {
  auto reaching = reach_init(account);
  auto init = co_await reaching;
  if (init) {
    int fds[] = {init->get()};
    reply(connection, Attached{}, fds);
  } else {
    log(LogLevel::kWarning,
        "could not attach a session of " + account->name + ": " + init.error().message,
        {{kLogUser, account->name}});
    refuse(connection, init.error());
  }
  close_later(connection);
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
