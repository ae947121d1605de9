// Who has a container, and how it is doing.
#include <utility>

#include "helper/container_manager_impl.h"
#include "helper/container_status.h"

namespace labgpu {

Task<Result<ContainerStatus>> ContainerManager::status(Account account) {
  return impl_->status(std::move(account));
}

Task<std::vector<Result<ContainerStatus>>> ContainerManager::status_of_all(
    std::vector<Account> accounts) {
  return impl_->status_of_all(std::move(accounts));
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

Task<std::vector<Result<ContainerStatus>>> ContainerManager::Impl::status_of_all(
    std::vector<Account> accounts) {
  Result<std::set<std::string>> having = co_await users_with_containers();
  std::vector<Result<ContainerStatus>> all;
  for (Account& account : accounts) {
    if (having && having->contains(account.name)) {
      Result<ContainerStatus> one = co_await status(std::move(account));
      all.push_back(std::move(one));
      continue;
    }
    ContainerStatus without = status_without(account);
    if (!having) without.state = ContainerState::kUnknown;
    all.emplace_back(std::move(without));
  }
  co_return all;
}

// What is known without Docker.
ContainerStatus ContainerManager::Impl::status_without(const Account& account) const {
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
  ContainerStatus status = status_without(account);
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
