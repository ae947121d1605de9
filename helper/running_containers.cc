// Remembers running containers and watches them end.
#include "helper/running_containers.h"

#include <sys/epoll.h>

#include <utility>

#include "helper/log.h"

namespace labgpu {

std::shared_ptr<const RunningContainer> RunningContainers::find(const std::string& user,
                                                                uint32_t uid) const {
  auto entry = by_user_.find(user);
  if (entry == by_user_.end() || entry->second.uid != uid) return nullptr;
  return entry->second.container;
}

// Docker names a container's cgroup with its whole id, whatever the cgroup driver.
std::string RunningContainers::user_of_cgroup(std::string_view cgroup) const {
  for (const auto& [user, entry] : by_user_) {
    if (cgroup.find(entry.container->id) != std::string_view::npos) return user;
  }
  return {};
}

std::vector<std::string> RunningContainers::ids() const {
  std::vector<std::string> ids;
  ids.reserve(by_user_.size());
  for (const auto& [user, entry] : by_user_) ids.push_back(entry.container->id);
  return ids;
}

void RunningContainers::put(const ContainerOwner& owner,
                            std::shared_ptr<const RunningContainer> container) {
  // The old entry, with its watch, before the new: the watch ends while its descriptor is open.
  by_user_.erase(owner.user);
  const int pidfd = container->init_pidfd.get();
  EventSource watch =
      loop_.watch(pidfd, EPOLLIN, [this, id = container->id](uint32_t) { drop(id); });
  by_user_.emplace(owner.user, Entry{owner.uid, std::move(container), std::move(watch)});
}

void RunningContainers::drop(const std::string& id) {
  for (auto entry = by_user_.begin(); entry != by_user_.end(); ++entry) {
    if (entry->second.container->id != id) continue;
    log(LogLevel::kInfo, "the container does not run any more",
        {{kLogUser, entry->first}, {kLogContainer, entry->second.container->name}});
    by_user_.erase(entry);
    return;
  }
}

}  // namespace labgpu
