// What the servers ask of the containers: the interface between logins and Docker.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/unique_fd.h"
#include "helper/account.h"
#include "helper/container_ending.h"
#include "helper/date.h"
#include "helper/error.h"
#include "helper/pull_progress.h"
#include "helper/setting_ports.h"
#include "helper/settings.h"
#include "helper/task.h"

namespace labgpu {

// A container that runs, as a login needs it. Holding it keeps its namespaces alive, so sessions
// hold it only while they hand the descriptors over.
struct RunningContainer {
  std::string id;
  std::string name;
  pid_t init_pid = 0;  // in the helper's pid namespace
  UniqueFd init_pidfd;
  UniqueFd net_namespace;
  UniqueFd uts_namespace;
  UniqueFd tmp_directory;  // O_PATH: the host directory mounted at /tmp
  // O_PATH: the host directory mounted at /.labgpu/run; container root owns it
  UniqueFd run_directory;
};

// kUnknown: Docker does not answer.
enum class ContainerState { kAbsent, kStopped, kRunning, kUnknown };

// How far an ensure_running() is.
struct StartProgress {
  std::string image;  // what is being fetched; empty while the container is made and started
  PullState pull;
  std::chrono::milliseconds elapsed{0};  // since the fetching began, or else the start
};

// Why an ensure_running() gave none.
struct StartFailure {
  std::string why;
  Microseconds when = 0;
};

struct ContainerStatus {
  std::string user;
  std::string name;  // empty when absent
  std::string id;    // empty when absent
  ContainerState state = ContainerState::kAbsent;
  std::string image;
  std::string started_at;   // RFC 3339, empty when not running
  std::string address;      // on Docker's network, empty when not running
  std::vector<Port> ports;  // of the server that lead to it
  // Of the account's settings it has not got these, and only a new container would have them …
  std::vector<std::string> rebuild;
  // … or Docker could not change them, which is tried again when it is started.
  std::vector<std::string> pending;
  std::optional<ContainerEnding> last_ending;  // of a run of it, if one has ended
  uint64_t memory_kills = 0;  // processes that the kernel killed in this run, for want of memory
  Microseconds last_memory_kill = 0;
  // Of one that does not run: what is being done about that, and why the last attempt failed. The
  // latter is forgotten when the helper ends.
  std::optional<StartProgress> start;
  std::optional<StartFailure> failure;
};

// A container's content at a moment, kept as an image of Docker's.
struct Snapshot {
  std::string user = {};
  uint32_t uid = 0;
  std::string name = {};   // the account's own for it
  std::string image = {};  // Docker's: "labgpu/snapshot/alice:before"
  uint64_t made = 0;       // microseconds since 1970
  uint64_t bytes = 0;      // on top of the image that the container was made from
  std::string note = {};
  bool automatic = false;  // made by a restore, of what was there before
};

// What of a container that labgpu did not make would be taken over.
struct Adoption {
  struct Refused {
    Mount mount;
    std::string why;
  };
  std::string container;  // its name
  std::string id;
  bool runs = false;
  std::string image;
  std::string hostname;  // empty: Docker gave it one
  Environment environment;
  std::vector<std::string> left_out;  // names of variables that a setting cannot have
  std::vector<Mount> mounts;
  std::vector<Refused> refused;  // mounts that labgpu gives no container, and volumes
};

// Hears what a long task does now, in words for people: "stopping the container".
using OnStep = std::function<void(const char* step)>;

// One container per account. Everything runs on the event loop's thread; an account is the one
// whose name and uid match, so that a container left by a former account of that name is never
// handed out. What a task does goes on when the task is destroyed: that only ends the waiting.
class Containers {
 public:
  Containers() = default;
  Containers(const Containers&) = delete;
  Containers& operator=(const Containers&) = delete;
  virtual ~Containers() = default;

  // The account's running container, or nullptr. Makes no Docker call.
  [[nodiscard]] virtual std::shared_ptr<const RunningContainer> running(
      const Account& account) const = 0;

  // The same, fetching, creating and starting what is missing. Ten callers at once cause one
  // create, and accounts that wait for the same image one pull.
  virtual Task<Result<std::shared_ptr<const RunningContainer>>> ensure_running(Account account) = 0;

  // What those who wait in ensure_running() wait for; nullopt when nobody does.
  [[nodiscard]] virtual std::optional<StartProgress> progress(const Account& account) const = 0;

  // kNotFound when the account has none.
  virtual Task<Result<void>> stop(Account account) = 0;
  virtual Task<Result<void>> restart(Account account) = 0;
  // The same as stop(), unless `still_idle` says no at the last moment: then nothing is done.
  // Logins from that moment on wait, and start it again.
  virtual Task<Result<void>> stop_idle(Account account, std::function<bool()> still_idle) = 0;
  // Stops and deletes the container, its snapshots and labgpu's directories for it, but not the
  // home and the data directories; a former account's container of that name stays. Absent is
  // success. Who waits in ensure_running() meanwhile gets an error, and no new container.
  virtual Task<Result<void>> remove(Account account) = 0;
  // The directory that labgpu made for it, as remove() deletes it.
  [[nodiscard]] virtual std::string directory_of(const Account& account) const = 0;

  virtual Task<Result<ContainerStatus>> status(Account account) = 0;
  // The status of an account that has no container.
  [[nodiscard]] virtual ContainerStatus status_without_docker(const Account& account) const = 0;

  // Makes the container anew, as the settings are now: with what is in it (`keep`), or from the
  // settings' image. Its sessions end. On an error it is as it was. kNotFound when there is none.
  virtual Task<Result<void>> rebuild(Account account, bool keep, OnStep on_step) = 0;

  // Keeps what is in the container, which goes on running meanwhile. An empty name is the moment.
  // kInvalid for a bad name and when the account has as many as it may, kExists for a name that is
  // taken, kNotFound without a container.
  virtual Task<Result<Snapshot>> snapshot(Account account, std::string name, std::string note) = 0;
  // The oldest first.
  virtual Task<Result<std::vector<Snapshot>>> snapshots(Account account) = 0;
  virtual Task<Result<void>> remove_snapshot(Account account, std::string name) = 0;
  // Makes the container anew from a snapshot. What it was becomes a snapshot itself, whose name is
  // returned, unless `discard` is true or there is no container. On an error it is as it was.
  virtual Task<Result<std::string>> restore(Account account, std::string name, bool discard,
                                            OnStep on_step) = 0;

  // Writes a snapshot, or with an empty name what is in the container now, to a new file that
  // `docker load` reads; the file's path is returned. UserFile says where it may be.
  virtual Task<Result<std::string>> export_image(Account account, std::string snapshot,
                                                 std::string path, OnStep on_step) = 0;

  // What adopt() would take over from a container of the server. kNotFound when there is none of
  // that name, kInvalid when it is labgpu's own, kExists when the account has one already.
  virtual Task<Result<Adoption>> plan_adoption(Account account, std::string container) = 0;
  // Makes the account's container of what is in the other one, with the account's settings. The
  // other one is stopped then, with another name if the account's container has its own, and is not
  // restarted by Docker; on an error it is as it was.
  virtual Task<Result<void>> adopt(Account account, Adoption from, OnStep on_step) = 0;

  // The names of the accounts that have a container in whatever state, or will have one in a
  // moment: one question to Docker, however many there are.
  virtual Task<Result<std::set<std::string>>> users_with_containers() = 0;

  // Changes what Docker can change in the account's container, when there is one, to its settings;
  // the keys of the settings that were changed.
  virtual Task<Result<std::vector<std::string>>> apply_settings(Account account) = 0;

  // What the account's user should hear of how the container's last run ended: a sentence, once;
  // else empty.
  [[nodiscard]] virtual std::string take_notice(const Account& account) = 0;

  // Whose running container a process of the host's is in; empty when it is in none. From memory
  // and /proc.
  [[nodiscard]] virtual std::string user_of_process(pid_t pid) const = 0;
};

}  // namespace labgpu
