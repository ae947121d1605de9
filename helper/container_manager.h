// One container per account: created, started and watched, with what a login needs at hand.
//
// The state of every container is kept from Docker's event stream and from a pidfd of its init, and
// rebuilt from labels when the helper or Docker restarts, so that running() answers without Docker.
// Concurrent requests for one account share one piece of work.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "helper/account.h"
#include "helper/config.h"
#include "helper/containers.h"
#include "helper/docker_client.h"
#include "helper/error.h"
#include "helper/event_loop.h"
#include "helper/image_puller.h"
#include "helper/task.h"

namespace labgpu {

class ContainerManager final : public Containers {
 public:
  // Everything given must outlive the manager. `state_directory` is /var/lib/labgpu.
  ContainerManager(EventLoop& loop, DockerClient& docker, const Config& config,
                   std::string state_directory);
  ~ContainerManager() override;

  // Follows Docker's events from now on, and reads all labelled containers whenever the connection
  // is made (again); `on_engine` hears then what Docker says of itself. Never fails for good: it
  // retries with a growing delay while Docker is away.
  void start_following(std::function<void(const EngineInfo&)> on_engine);

  // For others who want an image, so that there is one pull for all.
  [[nodiscard]] ImagePuller& images();

  [[nodiscard]] std::shared_ptr<const RunningContainer> running(
      const Account& account) const override;
  Task<Result<std::shared_ptr<const RunningContainer>>> ensure_running(Account account) override;
  [[nodiscard]] std::optional<StartProgress> progress(const Account& account) const override;
  Task<Result<void>> stop(Account account) override;
  Task<Result<void>> restart(Account account) override;
  Task<Result<void>> stop_idle(Account account, std::function<bool()> still_idle) override;
  Task<Result<void>> remove(Account account) override;
  [[nodiscard]] std::string directory_of(const Account& account) const override;
  Task<Result<ContainerStatus>> status(Account account) override;
  [[nodiscard]] ContainerStatus status_without_docker(const Account& account) const override;
  Task<Result<void>> rebuild(Account account, bool keep, OnStep on_step) override;
  Task<Result<Snapshot>> snapshot(Account account, std::string name, std::string note) override;
  Task<Result<std::vector<Snapshot>>> snapshots(Account account) override;
  Task<Result<void>> remove_snapshot(Account account, std::string name) override;
  Task<Result<std::string>> restore(Account account, std::string name, bool discard,
                                    OnStep on_step) override;
  Task<Result<std::string>> export_image(Account account, std::string snapshot, std::string path,
                                         OnStep on_step) override;
  Task<Result<Adoption>> plan_adoption(Account account, std::string container) override;
  Task<Result<void>> adopt(Account account, Adoption from, OnStep on_step) override;
  Task<Result<std::set<std::string>>> users_with_containers() override;
  Task<Result<std::vector<std::string>>> apply_settings(Account account) override;
  [[nodiscard]] std::string take_notice(const Account& account) override;
  [[nodiscard]] std::string user_of_process(pid_t pid) const override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace labgpu
