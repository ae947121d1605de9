// Attach: the session command's way to the container's init, and what it hears while it waits.
#include <algorithm>
#include <utility>

#include "helper/account_settings.h"
#include "helper/init_connection.h"
#include "helper/life_log.h"
#include "helper/login_commands.h"
#include "helper/login_policy.h"
#include "helper/process_ancestry.h"
#include "helper/session_connection.h"

namespace labgpu {

namespace {

// Connecting to the init of a container that runs; when the time of a login is up before.
constexpr std::chrono::milliseconds kHandOver{1000};
constexpr size_t kLongestImage = 255;

Failure not_yet(const std::optional<StartProgress>& progress, std::string& sentence) {
  sentence = "your container is not ready yet; the work goes on, log in again in a minute";
  if (progress && !progress->image.empty()) {
    sentence = "the image " + progress->image +
               " of your container is still being fetched; the work goes on, log in again in a "
               "few minutes";
  }
  return failure(FailureCode::kNotYet, sentence);
}

Progress describe(const StartProgress& progress) {
  auto phase = ProgressPhase::kStarting;
  if (!progress.image.empty()) {
    phase = progress.pull.unpacking ? ProgressPhase::kUnpacking : ProgressPhase::kFetching;
  }
  return {.phase = static_cast<uint8_t>(phase),
          .image = std::string_view(progress.image).substr(0, kLongestImage),
          .layers_done = progress.pull.layers_done,
          .layers = progress.pull.layers,
          .bytes_done = progress.pull.bytes_done,
          .bytes = progress.pull.bytes,
          .elapsed_ms = static_cast<uint32_t>(progress.elapsed.count())};
}

}  // namespace

SessionServer::Next SessionServer::attach(Connection& connection, Packet& packet) {
  Attach request;
  if (parse_packet(packet, request) != 0) return Next::kClose;
  auto account = accounts_.find(connection.peer.uid);
  if (auto refusal = refuse_command(*account, connection.peer.pid)) {
    return refuse(connection, failure(FailureCode::kNotAllowed, *refusal));
  }
  bool person_looks = request.wants_progress == 1;
  auto deadline = person_looks ? Clock::time_point::max() : attach_deadline(connection, *account);
  tell_progress(connection, account, deadline);
  start_work(connection, hand_over_init(connection, account, person_looks));
  return Next::kKeep;
}

// A login that is open stays good when maintenance begins, and has its place among those that are
// counted. One whose PAM session was refused went on without it, and ends here.
std::optional<std::string> SessionServer::refuse_command(const Account& account,
                                                         pid_t process) const {
  auto refusal = refuse_login(account);
  if (!refusal) return std::nullopt;
  for (const auto& [number, login] : connections_) {
    if (login->state != ConnectionState::kSession || login->user != account.name) continue;
    if (descends_from(process, login->peer.pid)) return refusal_of(account, now_in_microseconds());
  }
  return refusal;
}

// A login's first session command has what PAM's waiting left of the login's time. Later ones on
// the same connection of the client's begin anew.
SessionServer::Clock::time_point SessionServer::attach_deadline(const Connection& connection,
                                                                const Account& account) {
  auto left = limits_.login - limits_.unseen;
  for (const auto& [number, login] : connections_) {
    if (login->state != ConnectionState::kSession || login->user != account.name) continue;
    if (login->waited.count() == 0) continue;
    if (descends_from(connection.peer.pid, login->peer.pid)) {
      left -= std::exchange(login->waited, std::chrono::milliseconds(0));
    }
  }
  if (containers_.running(account)) left = std::max(left, kHandOver);
  return Clock::now() + std::max(left, std::chrono::milliseconds(0));
}

// Also to those who do not show it: it tells them that the helper is at work.
void SessionServer::tell_progress(Connection& connection, const AccountPointer& account,
                                  Clock::time_point deadline) {
  auto step = limits_.progress;
  if (deadline != Clock::time_point::max()) {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    step = std::clamp(left, std::chrono::milliseconds(0), step);
  }
  connection.timer = loop_.after(step, [this, &connection, account, deadline] {
    auto progress = containers_.progress(*account);
    auto next = Next::kKeep;
    if (Clock::now() >= deadline) {
      std::string sentence;
      auto late = not_yet(progress, sentence);
      if (!progress && containers_.running(*account)) {
        sentence = silent_init(account->name);
        late.sentence = sentence;
      }
      next = refuse(connection, late);
    } else {
      next = reply(connection, describe(progress.value_or(StartProgress{})));
    }
    if (next == Next::kClose) {
      drop(connection.number);
    } else {
      tell_progress(connection, account, deadline);
    }
  });
}

Task<Result<UniqueFd>> SessionServer::reach_init(AccountPointer account) {
  auto settings = settings_of(policy_, *account);
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

// Nothing is added to what a program reads that runs without a terminal.
void SessionServer::tell_notice(const Connection& connection, const Account& account) {
  auto sentence = containers_.take_notice(account);
  if (!sentence.empty()) reply(connection, Notice{.sentence = sentence});
}

// The session command waits for init's first word with init in its hands, and hangs up when it is
// there. Whoever still waits after some time has an init that does not answer.
Task<void> SessionServer::hand_over_init(Connection& connection, AccountPointer account,
                                         bool person_looks) {
  auto reaching = reach_init(account);
  auto init = co_await reaching;
  if (init) {
    if (person_looks) tell_notice(connection, *account);
    int fds[] = {init->get()};
    reply(connection, Attached{}, fds);
    init->reset();  // it ends with the session command
    log_.add(LifeEvent::kCommand, account->name, 0,
             account->name + " runs " + what_runs(connection.peer.pid));
    co_await loop_.sleep(limits_.init);
    init = fail(ErrorCode::kTimeout, silent_init(account->name));
  }
  connection.timer.reset();
  bool silent = init.error().code == ErrorCode::kTimeout;
  log_life(LogLevel::kWarning, silent ? LifeEvent::kSilent : LifeEvent::kFailed, account->name, "",
           "could not attach a session of " + account->name + ": " + init.error().message);
  refuse(connection, init.error());
  close_later(connection);
}

}  // namespace labgpu
