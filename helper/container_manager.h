// One container per account: created, started and watched, with what a login needs at hand.
//
// The state of every container is kept from Docker's event stream and from a pidfd of its init, and
// rebuilt from labels when the helper or Docker restarts, so that running() answers without Docker.
// Concurrent requests for one account share one piece of work.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/unique_fd.h"
#include "helper/account.h"
#include "helper/config.h"
#include "helper/docker_client.h"
#include "helper/error.h"
#include "helper/event_loop.h"
#include "helper/task.h"

namespace labgpu {

// A container that runs, as a login needs it. Holding it keeps its namespaces alive, so sessions hold
// it only while they hand the descriptors over.
struct RunningContainer {
  std::string id;
  pid_t init_pid = 0;    // in the helper's pid namespace
  UniqueFd init_pidfd;
  UniqueFd net_namespace;
  UniqueFd uts_namespace;
  UniqueFd tmp_directory;  // O_PATH: the host directory mounted at /tmp
  UniqueFd run_directory;  // O_PATH: the host directory mounted at /.labgpu/run; container root owns it
};

enum class ContainerState { kAbsent, kStopped, kRunning, kUnknown };  // kUnknown: Docker does not answer

struct ContainerStatus {
  std::string user;
  std::string name;   // empty when absent
  std::string id;     // empty when absent
  ContainerState state = ContainerState::kAbsent;
  std::string image;
  std::string started_at;  // RFC 3339, empty when not running
  std::string address;     // on Docker's network, empty when not running
};

class ContainerManager {
 public:
  // Everything given must outlive the manager. `state_directory` is /var/lib/labgpu.
  ContainerManager(EventLoop& loop, DockerClient& docker, const Config& config,
                   std::string state_directory);
  ~ContainerManager();

  // Follows Docker's events from now on, and reads all labelled containers whenever the connection
  // is made (again). Never fails for good: it retries with a growing delay while Docker is away.
  void start_following();

  // The account's running container, or nullptr. Makes no Docker call.
  [[nodiscard]] std::shared_ptr<const RunningContainer> running(const std::string& user) const;

  // The same, creating and starting what is missing. Ten callers at once cause one create.
  Task<Result<std::shared_ptr<const RunningContainer>>> ensure_running(Account account);

  Task<Result<void>> stop(Account account);
  Task<Result<void>> restart(Account account);
  // Stops and deletes the container; its home and data directories stay. Absent is success.
  Task<Result<void>> remove(std::string user);

  Task<Result<ContainerStatus>> status(Account account);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace labgpu
