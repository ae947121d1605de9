// Requests for containers, one at a time per account, and the memory that Docker's events keep
// true.
#include "helper/container_manager.h"

#include <chrono>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "helper/aside_name.h"
#include "helper/container_directories.h"
#include "helper/container_manager_impl.h"
#include "helper/date.h"
#include "helper/kept_images.h"
#include "helper/life_log.h"
#include "helper/read_file.h"

namespace labgpu {

using Running = std::shared_ptr<const RunningContainer>;

ContainerManager::ContainerManager(EventLoop& loop, DockerClient& docker, const Config& config,
                                   std::string state_directory)
    : impl_(std::make_unique<Impl>(loop, docker, config, std::move(state_directory))) {}

ContainerManager::~ContainerManager() {
  impl_->trees.stop = true;
  impl_->exports->stop = true;
}

ImagePuller& ContainerManager::images() { return impl_->images; }

void ContainerManager::start_following(std::function<void(const EngineInfo&)> on_engine) {
  impl_->on_engine = std::move(on_engine);
  impl_->events.start();
}

void ContainerManager::Impl::take_event(const ContainerEvent& event) {
  history.take_event(event);
  if (event.action == "start" || event.action == "unpause") {
    refreshes.add(event.id);
  } else if (event.action == "die" || event.action == "destroy" || event.action == "pause") {
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
    bool aside = !summary.names.empty() && was_before(summary.names.front(), summary.id);
    if (aside) settling.add(summary.id);
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
  if (known && known->id == id && known->init_pid == details->pid) {
    history.note_running(*owner, *details);
    co_return;
  }
  if (known && known->id != id) {
    log(LogLevel::kWarning,
        owner->user + " has a second container, " + details->name + ", which is ignored",
        {{kLogUser, owner->user}, {kLogContainer, details->name}});
    co_return;
  }
  history.note_running(*owner, *details);
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
  if (lane.start == start) {
    lane.start.reset();
    lane.failure.reset();
    if (!result) lane.failure = StartFailure{result.error().message, now_in_microseconds()};
  }
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
  if (auto may = check_fetchable(image); !may) co_return may;
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
  return impl_->progress(account);
}

std::optional<StartProgress> ContainerManager::Impl::progress(const Account& account) const {
  auto lane = lanes.find(account.name);
  if (lane == lanes.end() || !lane->second.start) return std::nullopt;
  const Start& start = *lane->second.start;
  if (auto pull = images.progress(start.fetching)) {
    return StartProgress{start.fetching, pull->state, pull->elapsed};
  }
  auto elapsed = std::chrono::steady_clock::now() - start.begun;
  return StartProgress{{}, {}, std::chrono::duration_cast<std::chrono::milliseconds>(elapsed)};
}

Task<Result<void>> ContainerManager::Impl::stop_found(std::string user, ContainerDetails found,
                                                      EndCause cause) {
  std::chrono::seconds grace(kStopGraceSeconds);
  history.expect_end(user, cause);
  Result<void> stopped = co_await docker.stop_container(found.id, grace);
  if (!stopped) {
    history.expect_no_end(user);
    co_return stopped;
  }
  memory.drop(found.id);
  log_life(
      LogLevel::kNotice, LifeEvent::kStopped, user, found.name,
      cause == EndCause::kIdle ? "stopped the container, which was idle" : "stopped the container");
  co_return Result<void>();
}

Task<Result<void>> ContainerManager::Impl::stop(Account account) {
  // Whoever fetches an image for it does not start it afterwards.
  lanes[account.name].start.reset();
  AsyncMutex::Guard turn = co_await lanes[account.name].turn.lock();
  Result<std::optional<ContainerDetails>> found = co_await starter.find(account);
  if (!found) co_return Failed(found.error());
  if (!*found) co_return fail(ErrorCode::kNotFound, account.name + " has no container");
  Result<void> stopped = co_await stop_found(account.name, **found, EndCause::kAsked);
  co_return stopped;
}

Task<Result<void>> ContainerManager::Impl::stop_idle(Account account,
                                                     std::function<bool()> still_idle) {
  AsyncMutex::Guard turn = co_await lanes[account.name].turn.lock();
  Result<std::optional<ContainerDetails>> found = co_await starter.find(account);
  if (!found) co_return Failed(found.error());
  if (!*found || (*found)->state != "running" || !still_idle()) co_return Result<void>();
  // Who logs in now finds none running, and has its turn after this.
  memory.drop((*found)->id);
  Result<void> stopped = co_await stop_found(account.name, **found, EndCause::kIdle);
  if (!stopped) refreshes.add((*found)->id);
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
  AsyncMutex::Guard keeping = co_await lane.keeping.lock();
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
      Result<void> stopped = co_await stop_found(account.name, found, EndCause::kAsked);
      if (!stopped) co_return stopped;
    }
    Result<void> removed = co_await docker.remove_container(found.id);
    if (!removed && removed.error().code != ErrorCode::kNotFound) co_return removed;
    memory.drop(found.id);
    history.forget(account.name);
    log_life(LogLevel::kNotice, LifeEvent::kRemoved, account.name, found.name,
             "removed the container");
  }
  ContainerOwner owner{account.name, account.uid};
  Result<void> forgotten = co_await snapshot_images.remove_all(std::move(owner));
  if (!forgotten) co_return forgotten;
  co_await forget_unused_images(docker, account.name, account.uid);
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

Task<Result<void>> ContainerManager::stop_idle(Account account, std::function<bool()> still_idle) {
  return impl_->keep_going(impl_->stop_idle(std::move(account), std::move(still_idle)));
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

std::string ContainerManager::take_notice(const Account& account) {
  auto ending = impl_->history.untold_ending(account.name);
  if (!ending) return {};
  impl_->history.note_told(account.name);
  return notice_of(*ending);
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
