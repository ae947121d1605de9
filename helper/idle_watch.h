// Stops containers that nobody uses, where idle_stop says so.
//
// A container is idle while it has no login, no process but its init, and no work on a GPU. The
// kernel is asked for that and not Docker; while no account has an idle_stop, only the settings are
// looked at, every ten seconds. Time that it was idle before the helper's start does not count.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "common/paths.h"
#include "helper/account_settings.h"
#include "helper/account_store.h"
#include "helper/container_processes.h"
#include "helper/containers.h"
#include "helper/date.h"
#include "helper/event_loop.h"
#include "helper/logins.h"
#include "helper/task.h"

namespace labgpu {

class IdleWatch {
 public:
  // Everything given must outlive the watch.
  IdleWatch(EventLoop& loop, const AccountStore& accounts, Containers& containers,
            const Logins& logins, const SettingsPolicy& policy, std::string gpu_socket = kGpuSocket,
            std::string cgroups = kCgroups);

  // Begins, and looks again: call it when settings or accounts have changed. Somebody may have an
  // idle_stop now, and while nobody has, nothing wakes the helper.
  void look_soon();

  // When the account's container will be stopped if it stays idle; nothing when it is in use, or
  // may be idle for as long as it likes.
  [[nodiscard]] std::optional<Microseconds> stop_of(const std::string& user) const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Idle {
    pid_t init = 0;       // of this run of the container
    uint64_t logins = 0;  // that had begun by then
    Clock::time_point since;
    std::chrono::seconds limit{0};
    bool quiet = false;  // the last look found it unused
    bool announced = false;
    bool stopping = false;
  };

  void look();
  void look_at(const AccountPointer& account, const IdlePolicy& policy);
  void announce(const Account& account, const RunningContainer& container, Idle& idle);
  [[nodiscard]] bool is_used(const Account& account, const RunningContainer& container,
                             const Idle& idle) const;
  Task<void> stop(AccountPointer account, std::shared_ptr<const RunningContainer> container);
  Task<bool> works_on_gpu(std::string user);

  EventLoop& loop_;
  const AccountStore& accounts_;
  Containers& containers_;
  const Logins& logins_;
  const SettingsPolicy& policy_;
  std::string gpu_socket_;
  std::string cgroups_;
  std::map<std::string, Idle> idle_;  // by user
  EventSource timer_;                 // none while nobody has an idle_stop
  TaskGroup work_;
};

}  // namespace labgpu
