// From an account to a container that runs: finds it or makes it, and starts it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "helper/account.h"
#include "helper/config.h"
#include "helper/container_changes.h"
#include "helper/container_history.h"
#include "helper/container_spec.h"
#include "helper/containers.h"
#include "helper/docker_client.h"
#include "helper/error.h"
#include "helper/event_loop.h"
#include "helper/host_facts.h"
#include "helper/task.h"

namespace labgpu {

// Knows no state of its own: every call asks Docker, and tells `history` what it finds. Calls for
// one account must not overlap.
class ContainerStarter {
 public:
  // Everything given must outlive the starter, the starter its calls.
  ContainerStarter(EventLoop& loop, DockerClient& docker, const Config& config,
                   ContainerHistory& history, std::string state_directory);

  // The account's container in whatever state, or nullopt. An error when it has several and none is
  // called as the settings say, or when the container is a former account's of that name.
  Task<Result<std::optional<ContainerDetails>>> find(Account account);
  // All that labgpu ever made for the name and that are left.
  Task<Result<std::vector<ContainerDetails>>> find_all(std::string user);

  // Finds, else creates; starts; returns when it runs. When that needs an image that is not on this
  // server, it returns kNotFound and `missing_image` has its name.
  Task<Result<std::shared_ptr<const RunningContainer>>> start(Account account,
                                                              std::string& missing_image);

  // What of the account's settings its container has not got.
  Task<Result<ContainerChanges>> changes(Account account, ContainerDetails details);
  // Has Docker change what it can; the keys of the settings that were changed.
  Task<Result<std::vector<std::string>>> apply_live(Account account, ContainerDetails details);

  // Opens what a login needs of a container that Docker says is running.
  Result<std::shared_ptr<const RunningContainer>> open(const ContainerDetails& details,
                                                       const ContainerOwner& owner) const;

  [[nodiscard]] std::optional<ContainerOwner> owner(const ContainerDetails& details) const {
    return owner_of(details, state_directory_);
  }
  [[nodiscard]] const std::string& state_directory() const { return state_directory_; }

 private:
  Result<void> prepare_host(const Account& account, const std::vector<Mount>& mounts) const;
  void link_name_files(const ContainerDetails& details, const ContainerOwner& owner) const;
  Task<Result<std::string>> create(Account account, Settings settings, std::string& missing_image);
  Task<Result<std::string>> adopt(Account account, Settings settings);
  Task<Result<HostFacts>> ask_facts();
  Task<Result<bool>> discard_unused(Account account, ContainerDetails found);
  Task<Result<void>> wake(Account account, ContainerDetails found);
  Task<Result<std::shared_ptr<const RunningContainer>>> wait_running(Account account,
                                                                     std::string id);

  EventLoop& loop_;
  DockerClient& docker_;
  const Config& config_;
  ContainerHistory& history_;
  std::string state_directory_;
};

}  // namespace labgpu
