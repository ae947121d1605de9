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

// A container that is to take another one's place.
struct Successor {
  std::string name;
  nlohmann::json specification;  // the body of its create
};

// What a container is made from in place of the settings' image: one that was made of a container.
struct MadeImage {
  std::string image;
  std::string counts_as;  // the value that the setting image had for that container
};

// Knows no state of its own: every call asks Docker, and tells `history` what it finds. Calls for
// one account must not overlap.
class ContainerStarter {
 public:
  // Everything given must outlive the starter, the starter its calls.
  ContainerStarter(EventLoop& loop, DockerClient& docker, const Config& config,
                   ContainerHistory& history, std::string state_directory);

  // The account's container in whatever state, or nullopt. One that is set aside is it only when
  // there is no other. An error when it has several and none is
  // called as the settings say, or when the container is a former account's of that name.
  Task<Result<std::optional<ContainerDetails>>> find(Account account);
  // All that labgpu ever made for the name and that are left.
  Task<Result<std::vector<ContainerDetails>>> find_all(std::string user);

  // Everything that can be checked and made ready for a container that is to be made anew.
  Task<Result<Successor>> prepare_successor(Account account, std::optional<MadeImage> from);

  // Returns when a container that was started runs, or why it does not.
  Task<Result<std::shared_ptr<const RunningContainer>>> wait_running(ContainerOwner owner,
                                                                     std::string id);

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
  Task<Result<void>> check_image(std::string image);
  Task<Result<nlohmann::json>> specify(Account account, Settings settings);
  Task<Result<std::string>> create(Account account, Settings settings, std::string& missing_image);
  Task<Result<std::string>> adopt(Account account, Settings settings);
  Task<Result<HostFacts>> ask_facts();
  Task<Result<bool>> discard_unused(Account account, ContainerDetails found);
  Task<Result<void>> wake(Account account, ContainerDetails found);

  EventLoop& loop_;
  DockerClient& docker_;
  const Config& config_;
  ContainerHistory& history_;
  std::string state_directory_;
};

}  // namespace labgpu
