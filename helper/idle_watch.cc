// Looks at containers now and then, and counts how long each was idle.
#include "helper/idle_watch.h"

#include <algorithm>
#include <utility>

#include "helper/gpu_monitor.h"
#include "helper/life_log.h"

namespace labgpu {

namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kLongestPause{10000};  // a new setting counts that soon
constexpr milliseconds kShortestPause{1000};
constexpr milliseconds kSoon{100};  // many accounts may change at once
// Of the shortest idle_stop: what a look may be late by.
constexpr int kLooks = 20;

}  // namespace

IdleWatch::IdleWatch(EventLoop& loop, const AccountStore& accounts, Containers& containers,
                     const Logins& logins, const SettingsPolicy& policy, std::string gpu_socket,
                     std::string cgroups)
    : loop_(loop),
      accounts_(accounts),
      containers_(containers),
      logins_(logins),
      policy_(policy),
      gpu_socket_(std::move(gpu_socket)),
      cgroups_(std::move(cgroups)) {}

void IdleWatch::look_soon() {
  if (!timer_) timer_ = loop_.after(kSoon, [this] { look(); });
}

void IdleWatch::look() {
  timer_.reset();
  bool anybody = false;
  auto pause = kLongestPause;
  std::erase_if(idle_, [this](const auto& entry) { return !accounts_.find(entry.first); });
  for (const auto& account : accounts_.list()) {
    auto policy = idle_policy_of(policy_, *account);
    if (policy.stop == 0) {
      idle_.erase(account->name);
      continue;
    }
    anybody = true;
    pause = std::min(pause, std::max(milliseconds(seconds(policy.stop)) / kLooks, kShortestPause));
    look_at(account, policy);
  }
  if (anybody) timer_ = loop_.after(pause, [this] { look(); });
}

void IdleWatch::look_at(const AccountPointer& account, const IdlePolicy& policy) {
  auto container = containers_.running(*account);
  if (!container) {
    idle_.erase(account->name);
    return;
  }
  auto now = Clock::now();
  auto [found, is_new] = idle_.try_emplace(account->name);
  Idle& idle = found->second;
  if (idle.stopping) return;
  if (is_new || is_used(*account, *container, idle)) {
    idle = {.init = container->init_pid,
            .logins = logins_.begun_by(account->name),
            .since = now,
            .limit = seconds(policy.stop)};
    return;
  }
  idle.quiet = true;
  idle.limit = seconds(policy.stop);
  if (now >= idle.since + idle.limit) {
    idle.stopping = true;
    work_.add(stop(account, container));
  } else if (policy.warning > 0 && now >= idle.since + idle.limit - seconds(policy.warning)) {
    announce(*account, *container, idle);
  }
}

// Nobody is there who could read it: it is for the journal and for `labgpu status`.
void IdleWatch::announce(const Account& account, const RunningContainer& container, Idle& idle) {
  if (std::exchange(idle.announced, true)) return;
  log_life(LogLevel::kNotice, LifeEvent::kIdle, account.name, container.name,
           "the container is idle and will be stopped on " +
               date_text(stop_of(account.name).value_or(now_in_microseconds())) +
               " if it stays so");
}

bool IdleWatch::is_used(const Account& account, const RunningContainer& container,
                        const Idle& idle) const {
  if (idle.init != container.init_pid || logins_.count_of(account.name) > 0) return true;
  if (logins_.begun_by(account.name) != idle.logins) return true;
  // What cannot be known must not stop anything.
  return runs_something(container, cgroups_).value_or(true);
}

Task<bool> IdleWatch::works_on_gpu(std::string user) {
  auto user_of = [this](pid_t pid) { return containers_.user_of_process(pid); };
  auto asking = ask_gpus(loop_, gpu_socket_, user_of);
  auto report = co_await asking;
  if (!report) co_return false;  // without a driver there is none to work on
  for (const auto& gpu : (*report)["gpus"]) {
    if (!gpu.is_object() || !gpu.contains("processes")) continue;
    for (const auto& process : gpu["processes"]) {
      if (process.value("user", "") == user) co_return true;
    }
  }
  co_return false;
}

Task<void> IdleWatch::stop(AccountPointer account,
                           std::shared_ptr<const RunningContainer> container) {
  auto asking = works_on_gpu(account->name);
  bool works = co_await asking;
  auto still_idle = [this, account, container] {
    auto found = idle_.find(account->name);
    return found != idle_.end() && containers_.running(*account) == container &&
           !is_used(*account, *container, found->second) && !network_is_shared(*container);
  };
  Result<void> stopped;
  if (!works) {
    auto stopping = containers_.stop_idle(*account, still_idle);
    stopped = co_await stopping;
  }
  if (!stopped) {
    log(LogLevel::kWarning, "could not stop the idle container: " + stopped.error().message,
        {{kLogUser, account->name}});
  }
  // It is stopped, or begins anew to be idle.
  idle_.erase(account->name);
}

std::optional<Microseconds> IdleWatch::stop_of(const std::string& user) const {
  auto found = idle_.find(user);
  if (found == idle_.end() || !found->second.quiet || logins_.count_of(user) > 0) {
    return std::nullopt;
  }
  auto left = found->second.since + found->second.limit - Clock::now();
  auto whole = std::max(duration_cast<microseconds>(left), microseconds(0));
  return now_in_microseconds() + static_cast<Microseconds>(whole.count());
}

}  // namespace labgpu
