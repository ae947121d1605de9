// Containers without Docker: a test says when one runs, and sees what was asked.
#pragma once

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "helper/containers.h"

namespace labgpu::test {

using Running = std::shared_ptr<const RunningContainer>;

// A container whose init is this very process.
inline std::shared_ptr<RunningContainer> own_process_as_container(const std::string& run) {
  auto container = std::make_shared<RunningContainer>();
  container->id = "0123";
  container->init_pid = getpid();
  container->init_pidfd.reset(static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0)));
  container->net_namespace.reset(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
  container->uts_namespace.reset(open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC));
  container->tmp_directory.reset(open(run.c_str(), O_PATH | O_CLOEXEC));
  container->run_directory.reset(open(run.c_str(), O_PATH | O_CLOEXEC));
  return container;
}

class FakeContainers final : public Containers {
 public:
  std::map<std::string, Running> running_now;
  std::vector<std::string> asked;  // "start alice", "stop alice" …
  Result<void> outcome;            // of stop, restart and status
  std::set<std::string> absent;    // for status
  std::vector<std::string> needs_rebuild;
  std::vector<std::string> pending;
  std::vector<Port> ports;
  std::set<std::string> having;      // whose there are
  Result<void> listed;               // of asking for them
  Result<void> applying;             // of apply_settings
  std::vector<std::string> changed;  // by it
  std::optional<StartProgress> progress_now;
  std::optional<StartFailure> failure;
  std::string directories = "/nowhere";
  std::optional<Shared<bool>> removal;  // what remove() waits for
  std::optional<Shared<bool>> work;     // and what rebuild() and snapshot() do
  std::vector<Snapshot> kept;
  std::optional<Adoption> adoption;
  SettingsLayer adopted_with;
  std::map<pid_t, std::string> users_of_processes;
  std::map<std::string, std::string> notices;  // by user, until they are taken

  // Answers everybody who waits in ensure_running().
  void finish_start(const Result<Running>& result) {
    auto waiting = std::move(starting_);
    starting_ = std::make_shared<Shared<Result<Running>>>();
    waiting->set(result);
  }

  [[nodiscard]] Running running(const Account& account) const override {
    auto found = running_now.find(account.name);
    return found == running_now.end() ? nullptr : found->second;
  }
  [[nodiscard]] std::optional<StartProgress> progress(const Account&) const override {
    return progress_now;
  }
  Task<Result<Running>> ensure_running(Account account) override {
    asked.push_back("start " + account.name);
    if (auto now = running(account)) co_return now;
    auto waiting = starting_;
    auto result = co_await *waiting;
    co_return result;
  }
  Task<Result<void>> stop(Account account) override {
    asked.push_back("stop " + account.name);
    co_return outcome;
  }
  Task<Result<void>> restart(Account account) override {
    asked.push_back("restart " + account.name);
    co_return outcome;
  }
  Task<Result<void>> stop_idle(Account account, std::function<bool()> still_idle) override {
    if (still_idle()) asked.push_back("stop idle " + account.name);
    co_return outcome;
  }
  [[nodiscard]] std::string take_notice(const Account& account) override {
    return std::exchange(notices[account.name], "");
  }
  Task<Result<void>> remove(Account account) override {
    asked.push_back("remove " + account.name);
    if (removal) co_await *removal;
    co_return outcome;
  }
  [[nodiscard]] std::string directory_of(const Account& account) const override {
    return directories + "/" + account.name;
  }
  Task<Result<ContainerStatus>> status(Account account) override {
    if (!outcome) co_return Failed(outcome.error());
    ContainerStatus status;
    status.user = account.name;
    status.start = progress_now;
    status.failure = failure;
    if (absent.contains(account.name)) co_return status;
    status.name = account.name + "_container";
    status.state = running(account) ? ContainerState::kRunning : ContainerState::kStopped;
    status.rebuild = needs_rebuild;
    status.pending = pending;
    status.ports = ports;
    co_return status;
  }
  ContainerStatus status_without_docker(const Account& account) const override {
    ContainerStatus status;
    status.user = account.name;
    status.start = progress_now;
    status.failure = failure;
    return status;
  }
  Task<Result<std::set<std::string>>> users_with_containers() override {
    asked.push_back("list");
    if (!listed) co_return Failed(listed.error());
    co_return having;
  }
  Task<Result<void>> rebuild(Account account, bool keep, OnStep on_step) override {
    asked.push_back("rebuild " + account.name + (keep ? " keep" : " fresh"));
    on_step("stopping the container");
    if (work) co_await *work;
    co_return outcome;
  }
  Task<Result<Snapshot>> snapshot(Account account, std::string name, std::string note) override {
    asked.push_back("snapshot " + account.name + " " + name);
    if (work) co_await *work;
    if (!outcome) co_return Failed(outcome.error());
    Snapshot made{.user = account.name, .uid = account.uid, .name = name, .note = note};
    kept.push_back(made);
    co_return made;
  }
  Task<Result<std::vector<Snapshot>>> snapshots(Account account) override {
    std::vector<Snapshot> own;
    for (const auto& one : kept) {
      if (one.user == account.name) own.push_back(one);
    }
    co_return own;
  }
  Task<Result<void>> remove_snapshot(Account account, std::string name) override {
    asked.push_back("remove snapshot " + account.name + " " + name);
    co_return outcome;
  }
  Task<Result<std::string>> restore(Account account, std::string name, bool discard,
                                    OnStep on_step) override {
    asked.push_back("restore " + account.name + " " + name + (discard ? " discard" : ""));
    on_step("stopping the container");
    if (!outcome) co_return Failed(outcome.error());
    co_return discard ? "" : "before";
  }
  Task<Result<std::string>> export_image(Account account, std::string snapshot, std::string path,
                                         OnStep on_step) override {
    asked.push_back("export " + account.name + " " + snapshot + " " + path);
    on_step("writing the file");
    if (!outcome) co_return Failed(outcome.error());
    co_return path;
  }
  Task<Result<Adoption>> plan_adoption(Account account, std::string container) override {
    if (!adoption) co_return fail(ErrorCode::kNotFound, "there is no container " + container);
    asked.push_back("plan " + account.name + " " + container);
    co_return *adoption;
  }
  Task<Result<void>> adopt(Account account, Adoption from, OnStep on_step) override {
    asked.push_back("adopt " + account.name + " " + from.container);
    adopted_with = account.settings;
    on_step("stopping the container");
    co_return outcome;
  }
  Task<Result<std::vector<std::string>>> apply_settings(Account account) override {
    asked.push_back("apply " + account.name);
    if (!applying) co_return Failed(applying.error());
    co_return changed;
  }
  [[nodiscard]] std::string user_of_process(pid_t pid) const override {
    auto found = users_of_processes.find(pid);
    return found == users_of_processes.end() ? "" : found->second;
  }

 private:
  std::shared_ptr<Shared<Result<Running>>> starting_ = std::make_shared<Shared<Result<Running>>>();
};

}  // namespace labgpu::test
