// What a container manager has, for the files that it is made of.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "helper/container_directories.h"
#include "helper/container_history.h"
#include "helper/container_manager.h"
#include "helper/container_replacer.h"
#include "helper/container_starter.h"
#include "helper/docker_events.h"
#include "helper/export_places.h"
#include "helper/image_export.h"
#include "helper/image_puller.h"
#include "helper/refresh_queue.h"
#include "helper/repeated_work.h"
#include "helper/running_containers.h"
#include "helper/snapshot_images.h"
#include "helper/user_file.h"
#include "helper/worker.h"

namespace labgpu {

struct ContainerManager::Impl {
  using Running = std::shared_ptr<const RunningContainer>;
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
    // Who may make images of the container, or make it anew: taken before the turn, so that a login
    // to a container that is stopped does not wait for a snapshot of it.
    AsyncMutex keeping;
    AsyncMutex turn;  // who may change the container; not held while an image is fetched
    std::shared_ptr<Start> start;
    std::optional<StartFailure> failure;  // of the last start, until one succeeds
  };

  Impl(EventLoop& loop, DockerClient& docker_client, const Config& config,
       std::string state_directory)
      : docker(docker_client),
        memory(loop),
        settings(config),
        history(loop, state_directory),
        starter(loop, docker_client, config, history, std::move(state_directory)),
        replacer(loop, docker_client, starter, memory, history),
        snapshot_images(docker_client),
        images(docker_client),
        tree_worker(loop),
        export_places(loop),
        events(loop, docker_client, kLabelUser,
               {.on_resync =
                    [this] {
                      history.note_lost_events();
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
  [[nodiscard]] std::optional<StartProgress> progress(const Account& account) const;
  Task<Result<void>> stop(Account account);
  Task<Result<void>> stop_idle(Account account, std::function<bool()> still_idle);
  Task<Result<void>> restart(Account account);
  Task<Result<void>> remove(Account account);
  Task<Result<void>> remove_all_of(Account account);
  Task<Result<void>> stop_found(std::string user, ContainerDetails found, EndCause cause);
  Task<Result<ContainerStatus>> status(Account account);
  [[nodiscard]] ContainerStatus status_without_docker(const Account& account) const;
  Task<Result<std::set<std::string>>> users_with_containers();
  Task<Result<std::vector<std::string>>> apply_settings(Account account);
  // container_rebuilds.cc
  Task<void> settle(std::string id);
  Task<Result<void>> rebuild(Account account, bool keep, OnStep on_step);
  Task<Result<void>> have_image(Account account);
  Task<Result<Snapshot>> take_snapshot(Account account, std::string name, std::string note);
  Task<Result<void>> remove_snapshot(Account account, std::string name);
  Task<Result<std::string>> restore(Account account, std::string name, bool discard,
                                    OnStep on_step);
  // container_adoption.cc
  Task<Result<Adoption>> plan_adoption(Account account, std::string container);
  Task<Result<void>> adopt(Account account, Adoption from, OnStep on_step);
  Task<Result<void>> take_over(Account account, Adoption from, OnStep on_step);
  Task<Result<void>> give_back(Adoption from);
  // container_exports.cc
  Task<Result<std::vector<Mount>>> mounts_of(Account account);
  Task<Result<void>> commit_for_export(Account account, std::string image);
  Task<Result<std::string>> image_to_export(Account account, std::string snapshot);
  Task<Result<std::shared_ptr<UserFile>>> create_file(Account account, std::string path,
                                                      Worker& worker);
  Task<Result<void>> write_image(std::string image, std::shared_ptr<UserFile> file, Worker& worker);
  Task<Result<std::string>> export_to(Account account, std::string snapshot, std::string path,
                                      OnStep on_step);
  // Awaits `task` as the manager's own: it goes on when whoever waits for it goes away.
  template <typename Value>
  Task<Result<Value>> keep_going(Task<Result<Value>> task);

  DockerClient& docker;
  RunningContainers memory;
  const Config& settings;
  ContainerHistory history;
  ContainerStarter starter;
  ContainerReplacer replacer;
  SnapshotImages snapshot_images;
  ImagePuller images;
  TreeWork trees;
  std::shared_ptr<ExportWork> exports = std::make_shared<ExportWork>();
  Worker tree_worker;  // uses what is above it
  ExportPlaces export_places;
  std::map<std::string, Lane> lanes;
  std::function<void(const EngineInfo&)> on_engine;
  RefreshQueue refreshes{[this](std::string id) { return refresh(std::move(id)); }};
  RefreshQueue settling{[this](std::string id) { return settle(std::move(id)); }};
  RepeatedWork listing{[this] { return resync(); }};
  RepeatedWork describing{[this] { return describe_engine(); }};
  DockerEvents events;
  TaskGroup work;  // last, so that its frames go before what they use
};

inline Failed has_no_container(const Account& account) {
  return fail(ErrorCode::kNotFound, account.name +
                                        " has no container: the first login makes one, or labgpu "
                                        "start " +
                                        account.name);
}

template <typename Value>
Task<void> run_for(std::shared_ptr<Shared<Result<Value>>> outcome, Task<Result<Value>> task) {
  Result<Value> result = co_await task;
  outcome->set(std::move(result));
}

template <typename Value>
Task<Result<Value>> ContainerManager::Impl::keep_going(Task<Result<Value>> task) {
  auto outcome = std::make_shared<Shared<Result<Value>>>();
  work.add(run_for(outcome, std::move(task)));
  Result<Value> result = co_await *outcome;
  co_return result;
}

}  // namespace labgpu
