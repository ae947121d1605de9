// The containers that run, as the helper remembers them: the answer to a login, without Docker.
//
// An entry goes when its container's first process ends, which its pidfd tells at once, before
// Docker says so and also while Docker is away.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "helper/container_spec.h"
#include "helper/containers.h"
#include "helper/event_loop.h"

namespace labgpu {

class RunningContainers {
 public:
  explicit RunningContainers(EventLoop& loop) : loop_(loop) {}

  // nullptr when there is none, or when it belongs to a former account of that name.
  [[nodiscard]] std::shared_ptr<const RunningContainer> find(const std::string& user,
                                                             uint32_t uid) const;
  // Whose container has processes in this cgroup, as /proc/PID/cgroup names it; empty when none
  // has.
  [[nodiscard]] std::string user_of_cgroup(std::string_view cgroup) const;
  // The ids of all.
  [[nodiscard]] std::vector<std::string> ids() const;

  // Remembers it in place of any other of that owner.
  void put(const ContainerOwner& owner, std::shared_ptr<const RunningContainer> container);
  // Forgets it; nothing when it is not known.
  void drop(const std::string& id);

 private:
  // The watch borrows the container's pidfd, so it is declared after it and goes first.
  struct Entry {
    uint32_t uid = 0;
    std::shared_ptr<const RunningContainer> container;
    EventSource exit_watch;
  };

  EventLoop& loop_;
  std::map<std::string, Entry> by_user_;
};

}  // namespace labgpu
