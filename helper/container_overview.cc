// Who has a container, and how it is doing.
#include <utility>

#include "helper/container_manager_impl.h"
#include "helper/container_status.h"

namespace labgpu {

Task<Result<ContainerStatus>> ContainerManager::status(Account account) {
  return impl_->status(std::move(account));
}

ContainerStatus ContainerManager::status_without_docker(const Account& account) const {
  return impl_->status_without_docker(account);
}

Task<Result<std::set<std::string>>> ContainerManager::users_with_containers() {
  return impl_->users_with_containers();
}

Task<Result<std::set<std::string>>> ContainerManager::Impl::users_with_containers() {
  std::string label = kLabelUser;
  Result<std::vector<ContainerSummary>> list = co_await docker.list_containers(std::move(label));
  if (!list) co_return Failed(list.error());
  std::set<std::string> users;
  for (ContainerSummary& summary : *list) users.insert(std::move(summary.labels[kLabelUser]));
  // Docker's list may be older than the container that is being made.
  for (const auto& [user, lane] : lanes) {
    if (lane.start) users.insert(user);
  }
  co_return users;
}

// What is known without Docker.
ContainerStatus ContainerManager::Impl::status_without_docker(const Account& account) const {
  ContainerStatus status;
  status.user = account.name;
  status.start = progress(account);
  if (auto lane = lanes.find(account.name); lane != lanes.end()) {
    status.failure = lane->second.failure;
  }
  return status;
}

Task<Result<ContainerStatus>> ContainerManager::Impl::status(Account account) {
  Result<std::optional<ContainerDetails>> found = co_await starter.find(account);
  ContainerStatus status = status_without_docker(account);
  if (!found) {
    ErrorCode code = found.error().code;
    if (code != ErrorCode::kUnavailable && code != ErrorCode::kTimeout) {
      co_return Failed(found.error());
    }
    status.state = ContainerState::kUnknown;
    co_return status;
  }
  if (!*found) co_return status;
  Result<ContainerChanges> changes = co_await starter.changes(account, **found);
  if (!changes) co_return Failed(changes.error());
  ContainerStatus described = describe_container(account.name, **found, *changes);
  if (described.state != ContainerState::kRunning) {
    described.start = std::move(status.start);
    described.failure = std::move(status.failure);
  }
  auto kills = history.memory_kills(account.name);
  described.memory_kills = kills.count;
  described.last_memory_kill = kills.last;
  described.last_ending = history.last_ending(account.name);
  co_return described;
}

}  // namespace labgpu
