// What a person is told at a login: gathers the facts and words them, in a fifth of a second.
//
// A login never waits for what hangs: what is not known in time is left out. GPUs and disks are
// remembered, so that many logins at once ask once.
#pragma once

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/messages.h"
#include "common/paths.h"
#include "helper/account_store.h"
#include "helper/config.h"
#include "helper/containers.h"
#include "helper/disk_usage.h"
#include "helper/event_loop.h"
#include "helper/greeting_facts.h"
#include "helper/greeting_files.h"
#include "helper/task.h"

namespace labgpu {

struct GreetingLimits {
  std::chrono::milliseconds patience{200};  // until a greeting is told
  // A report on GPUs is used again for that long; while there is no newer one, the old one is told
  // with its age, up to the second limit.
  std::chrono::seconds gpus_fresh{10};
  std::chrono::seconds gpus_known{600};
};

class Greeter {
 public:
  // What is given by reference must outlive the Greeter.
  Greeter(EventLoop& loop, Containers& containers, const Config& config,
          GreetingTemplates templates, AskDisk ask_disk = ask_kernel_for_disk,
          std::string gpu_socket = kGpuSocket, GreetingLimits limits = {});

  [[nodiscard]] const GreetingTemplates& templates() const { return templates_; }
  void set_templates(GreetingTemplates templates) { templates_ = std::move(templates); }

  // Whole lines, at most Greeting::kMaxText bytes; empty when nothing is to be told. `sessions`:
  // how many logins of the account are open. Destroying the Task ends it.
  Task<std::string> greet(AccountPointer account, GreetingLanguage language, uint64_t sessions);

 private:
  using Clock = std::chrono::steady_clock;
  struct Round;

  Task<void> look_at_container(AccountPointer account, std::shared_ptr<Round> round);
  Task<void> look_at_gpus(bool wanted, std::shared_ptr<Round> round);
  Task<void> look_at_disks(std::vector<Mount> mounts, std::shared_ptr<Round> round);
  Task<void> ask_for_gpus();
  void add_gpus(const GpuChoice& choice, GreetingFacts& facts) const;
  [[nodiscard]] GreetingFacts facts_of(const Account& account, const Settings& settings,
                                       const std::optional<ContainerStatus>& container,
                                       const std::vector<Mount>& mounts) const;

  EventLoop& loop_;
  Containers& containers_;
  const Config& config_;
  GreetingTemplates templates_;
  std::string gpu_socket_;
  GreetingLimits limits_;
  DiskUsage disks_;
  nlohmann::json gpus_ = nlohmann::json::array();  // the last report's
  Clock::time_point gpus_when_ = Clock::time_point::min();
  std::shared_ptr<Shared<bool>> gpus_asked_;  // while a report is on its way
  TaskGroup work_;                            // last, so that its frames go before what they use
};

}  // namespace labgpu
