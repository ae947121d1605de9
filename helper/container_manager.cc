// Requests for containers, one at a time per account, and the memory that Docker's events keep
// true.
#include "helper/container_manager.h"

#include <chrono>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "helper/container_directories.h"
#include "helper/container_starter.h"
#include "helper/container_status.h"
#include "helper/docker_events.h"
#include "helper/image_puller.h"
#include "helper/log.h"
#include "helper/read_file.h"
#include "helper/refresh_queue.h"
#include "helper/repeated_work.h"
#include "helper/running_containers.h"
#include "helper/worker.h"

namespace labgpu {

using Running = std::shared_ptr<const RunningContainer>;

struct ContainerManager::Impl {
  // One ensure_running() and all that joined it.
  struct Start {
    explicit Start(Account whose) : account(std::move(whose)) {}
    Account account;
    std::string fetching;  // the image that it waits for
    std::chrono::steady_clock::time_point begun = std::chrono::steady_clock::now();
    Shared<Result<Running>> outcome;
  };
  // What is under way for one account. Kept once made: there are as many as accounts.
  struct Lane {
    AsyncMutex turn;  // who may change the container; not held while an image is fetched
    std::shared_ptr<Start> start;
  };

  Impl(EventLoop& loop, DockerClient& docker_client, const Config& config,
       std::string state_directory)
      : docker(docker_client),
        memory(loop),
        starter(loop, docker_client, config, std::move(state_directory)),
        images(docker_client),
        tree_worker(loop),
        events(loop, docker_client, kLabelUser,
               {.on_resync =
                    [this] {
                      listing.ask();
                      describing.ask();
                    },
                .on_event = [this](const ContainerEvent& event) { take_event(event); }}) {}

  void take_event(const ContainerEvent& event);
  Task<void> resync();
  Task<void> describe_engine();
  Task<void> refresh(std::string id);
  Task<Result<Running>> ensure(Account account);
  Task<void> ensure_for_all(std::shared_ptr<Start> start);
  Task<Result<Running>> fetch_and_start(std::shared_ptr<Start> start);
  Task<Result<void>> fetch(std::shared_ptr<Start> start, std::string image);
  Task<Result<Running>> start_once(std::shared_ptr<Start> start, std::string& missing_image);
  Task<Result<void>> stop(Account account);
  Task<Result<void>> restart(Account account);
  Task<Result<void>> remove(Account account);
  Task<Result<void>> remove_all_of(Account account);
  Task<Result<void>> stop_found(std::string user, ContainerDetails found);
  Task<Result<ContainerStatus>> status(Account account);
  Task<Result<std::vector<std::string>>> apply_settings(Account account);
  // Awaits `task` as the manager's own: it goes on when whoever waits for it goes away.
  template <typename Value>
  Task<Result<Value>> keep_going(Task<Result<Value>> task);

  DockerClient& docker;
  RunningContainers memory;
  ContainerStarter starter;
  ImagePuller images;
  TreeWork trees;
  Worker tree_worker;  // uses what is above it
  std::map<std::string, Lane> lanes;
  std::function<void(const EngineInfo&)> on_engine;
  RefreshQueue refreshes{[this](std::string id) { return refresh(std::move(id)); }};
  RepeatedWork listing{[this] { return resync(); }};
  RepeatedWork describing{[this] { return describe_engine(); }};
  DockerEvents events;
  TaskGroup work;  // last, so that its frames go before what they use
};

ContainerManager::ContainerManager(EventLoop& loop, DockerClient& docker, const Config& config,
                                   std::string state_directory)
    : impl_(std::make_unique<Impl>(loop, docker, config, std::move(state_directory))) {}

ContainerManager::~ContainerManager() { impl_->trees.stop = true; }

void ContainerManager::start_following(std::function<void(const EngineInfo&)> on_engine) {
  impl_->on_engine = std::move(on_engine);
  impl_->events.start();
}

void ContainerManager::Impl::take_event(const ContainerEvent& event) {
  if (event.action == "start" || event.action == "unpause") {
    refreshes.add(event.id);
  } else {
    memory.drop(event.id);
  }
}

// What the memory has and Docker's list has not is asked for one by one: it may have been started
// after the list was made.
Task<void> ContainerManager::Impl::resync() {
  std::string label = kLabelUser;
  Result<std::vector<ContainerSummary>> list = co_await docker.list_containers(std::move(label));
  if (!list) {
    log(LogLevel::kError, list.error().message);
    co_return;
  }
  for (std::string& id : memory.ids()) refreshes.add(std::move(id));
  for (ContainerSummary& summary : *list) {
    if (summary.state == "running") refreshes.add(std::move(summary.id));
  }
}

Task<void> ContainerManager::Impl::describe_engine() {
  Result<EngineInfo> engine = co_await docker.info();
  if (engine) {
    on_engine(*engine);
  } else {
    log(LogLevel::kError, engine.error().message);
  }
}

// Makes the memory agree with what Docker says of one container.
Task<void> ContainerManager::Impl::refresh(std::string id) {
  Result<ContainerDetails> details = co_await docker.inspect_container(id);
  if (!details) {
    if (details.error().code == ErrorCode::kNotFound) {
      memory.drop(id);
    } else {
      log(LogLevel::kError, details.error().message);
    }
    co_return;
  }
  if (details->state != "running") {
    memory.drop(id);
    co_return;
  }
  std::optional<ContainerOwner> owner = starter.owner(*details);
  if (!owner) {
    log(LogLevel::kWarning, "the container " + details->name +
                                " has labgpu's labels but was not made by labgpu; it is ignored");
    co_return;
  }
  Running known = memory.find(owner->user, owner->uid);
  if (known && known->id == id && known->init_pid == details->pid) co_return;
  if (known && known->id != id) {
    log(LogLevel::kWarning,
        owner->user + " has a second container, " + details->name + ", which is ignored",
        {{kLogUser, owner->user}, {kLogContainer, details->name}});
    co_return;
  }
  Result<Running> opened = starter.open(*details, *owner);
  if (opened) {
    memory.put(*owner, *opened);
  } else {
    log(LogLevel::kWarning, opened.error().message,
        {{kLogUser, owner->user}, {kLogContainer, details->name}});
  }
}

Running ContainerManager::running(const Account& account) const {
  return impl_->memory.find(account.name, account.uid);
}

namespace {

template <typename Value>
Task<void> run_for(std::shared_ptr<Shared<Result<Value>>> outcome, Task<Result<Value>> task) {
  Result<Value> result = co_await task;
  outcome->set(std::move(result));
}

}  // namespace

template <typename Value>
Task<Result<Value>> ContainerManager::Impl::keep_going(Task<Result<Value>> task) {
  auto outcome = std::make_shared<Shared<Result<Value>>>();
  work.add(run_for(outcome, std::move(task)));
  Result<Value> result = co_await *outcome;
  co_return result;
}

Task<Result<Running>> ContainerManager::ensure_running(Account account) {
  return impl_->ensure(std::move(account));
}

Task<Result<Running>> ContainerManager::Impl::ensure(Account account) {
  if (Running now = memory.find(account.name, account.uid)) co_return now;
  Lane& lane = lanes[account.name];
  // A copy: the lane lets go of it before the waiters resume.
  std::shared_ptr<Start> start = lane.start;
  // One that was begun with other settings may be fetching the wrong image.
  if (!start || start->account.uid != account.uid || start->account.settings != account.settings) {
    start = lane.start = std::make_shared<Start>(std::move(account));
    work.add(ensure_for_all(start));
  }
  Result<Running> result = co_await start->outcome;
  co_return result;
}

Task<void> ContainerManager::Impl::ensure_for_all(std::shared_ptr<Start> start) {
  Result<Running> result = co_await fetch_and_start(start);
  Lane& lane = lanes[start->account.name];
  if (lane.start == start) lane.start.reset();
  start->outcome.set(std::move(result));
}

Task<Result<Running>> ContainerManager::Impl::fetch_and_start(std::shared_ptr<Start> start) {
  std::string missing;
  Result<Running> running = co_await start_once(start, missing);
  if (missing.empty()) co_return running;
  Result<void> fetched = co_await fetch(start, missing);
  if (!fetched) co_return Failed(fetched.error());
  missing.clear();
  running = co_await start_once(start, missing);
  if (missing.empty()) co_return running;
  co_return fail(ErrorCode::kUnavailable,
                 "Docker fetched the image " + missing + " and has lost it again");
}

Task<Result<void>> ContainerManager::Impl::fetch(std::shared_ptr<Start> start, std::string image) {
  if (is_made_here(image)) {
    co_return fail(ErrorCode::kUnavailable, "the image " + image +
                                                " is not on this server yet; ask the administrator "
                                                "to make it with labgpu image bootstrap");
  }
  start->fetching = image;
  Result<void> pulled = co_await images.pull(std::move(image));
  start->fetching.clear();
  co_return pulled;
}

Task<Result<Running>> ContainerManager::Impl::start_once(std::shared_ptr<Start> start,
                                                         std::string& missing_image) {
  const Account& account = start->account;
  Lane& lane = lanes[account.name];
  AsyncMutex::Guard turn = co_await lane.turn.lock();
  if (lane.start != start) {
    co_return fail(ErrorCode::kUnavailable,
                   "your container was stopped, set up anew or removed before it was ready; log in "
                   "again");
  }
  if (Running now = memory.find(account.name, account.uid)) co_return now;
  Result<Running> started = co_await starter.start(account, missing_image);
  if (started) memory.put({account.name, account.uid}, *started);
  co_return started;
}

std::optional<StartProgress> ContainerManager::progress(const Account& account) const {
  auto lane = impl_->lanes.find(account.name);
  if (lane == impl_->lanes.end() || !lane->second.start) return std::nullopt;
  const Impl::Start& start = *lane->second.start;
  if (auto pull = impl_->images.progress(start.fetching)) {
    return StartProgress{start.fetching, pull->state, pull->elapsed};
  }
  auto elapsed = std::chrono::steady_clock::now() - start.begun;
  return StartProgress{{}, {}, std::chrono::duration_cast<std::chrono::milliseconds>(elapsed)};
}

Task<Result<void>> ContainerManager::Impl::stop_found(std::string user, ContainerDetails found) {
  std::chrono::seconds grace(kStopGraceSeconds);
  Result<void> stopped = co_await docker.stop_container(found.id, grace);
  if (!stopped) co_return stopped;
  memory.drop(found.id);
  log(LogLevel::kNotice, "stopped the container", {{kLogUser, user}, {kLogContainer, found.name}});
  co_return Result<void>();
}

Task<Result<void>> ContainerManager::Impl::stop(Account account) {
  // Whoever fetches an image for it does not start it afterwards.
  lanes[account.name].start.reset();
  AsyncMutex::Guard turn = co_await lanes[account.name].turn.lock();
  Result<std::optional<ContainerDetails>> found = co_await starter.find(account);
  if (!found) co_return Failed(found.error());
  if (!*found) co_return fail(ErrorCode::kNotFound, account.name + " has no container");
  Result<void> stopped = co_await stop_found(account.name, **found);
  co_return stopped;
}

Task<Result<void>> ContainerManager::Impl::restart(Account account) {
  Result<void> stopped = co_await stop(account);
  if (!stopped) co_return stopped;
  Result<Running> started = co_await ensure(std::move(account));
  if (!started) co_return Failed(started.error());
  co_return Result<void>();
}

Task<Result<void>> ContainerManager::Impl::remove(Account account) {
  Lane& lane = lanes[account.name];
  AsyncMutex::Guard turn = co_await lane.turn.lock();
  Result<void> removed = co_await remove_all_of(account);
  // Whoever waits behind this, also since it began, makes no new container.
  lane.start.reset();
  co_return removed;
}

Task<Result<void>> ContainerManager::Impl::remove_all_of(Account account) {
  Result<std::vector<ContainerDetails>> all = co_await starter.find_all(account.name);
  if (!all) co_return Failed(all.error());
  bool others = false;
  for (const ContainerDetails& found : *all) {
    if (starter.owner(found)->uid != account.uid) {
      others = true;
      continue;
    }
    if (found.state == "running") {
      Result<void> stopped = co_await stop_found(account.name, found);
      if (!stopped) co_return stopped;
    }
    Result<void> removed = co_await docker.remove_container(found.id);
    if (!removed && removed.error().code != ErrorCode::kNotFound) co_return removed;
    memory.drop(found.id);
    log(LogLevel::kNotice, "removed the container",
        {{kLogUser, account.name}, {kLogContainer, found.name}});
  }
  if (others) co_return Result<void>();  // a former account's container has these mounted
  std::function<Result<void>()> job = [this, name = account.name] {
    return remove_container_directories(starter.state_directory(), name, trees);
  };
  Task<Result<void>> removing = tree_worker.run(std::move(job));
  Result<void> directories = co_await removing;
  co_return directories;
}

Task<Result<void>> ContainerManager::stop(Account account) {
  return impl_->keep_going(impl_->stop(std::move(account)));
}

Task<Result<void>> ContainerManager::restart(Account account) {
  return impl_->keep_going(impl_->restart(std::move(account)));
}

Task<Result<void>> ContainerManager::remove(Account account) {
  return impl_->keep_going(impl_->remove(std::move(account)));
}

std::string ContainerManager::directory_of(const Account& account) const {
  return container_directory(impl_->starter.state_directory(), account.name);
}

Task<Result<ContainerStatus>> ContainerManager::status(Account account) {
  return impl_->status(std::move(account));
}

Task<Result<ContainerStatus>> ContainerManager::Impl::status(Account account) {
  ContainerStatus status;
  status.user = account.name;
  Result<std::optional<ContainerDetails>> found = co_await starter.find(account);
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
  co_return describe_container(std::move(status.user), **found, *changes);
}

std::string ContainerManager::user_of_process(pid_t pid) const {
  auto cgroup = read_file("/proc/" + std::to_string(pid) + "/cgroup");
  return cgroup ? impl_->memory.user_of_cgroup(*cgroup) : std::string();
}

Task<Result<std::vector<std::string>>> ContainerManager::apply_settings(Account account) {
  return impl_->keep_going(impl_->apply_settings(std::move(account)));
}

Task<Result<std::vector<std::string>>> ContainerManager::Impl::apply_settings(Account account) {
  AsyncMutex::Guard turn = co_await lanes[account.name].turn.lock();
  Result<std::optional<ContainerDetails>> found = co_await starter.find(account);
  if (!found) co_return Failed(found.error());
  if (!*found) co_return std::vector<std::string>();
  Result<std::vector<std::string>> changed = co_await starter.apply_live(account, **found);
  co_return changed;
}

}  // namespace labgpu
