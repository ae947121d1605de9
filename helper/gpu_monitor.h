// The server's GPUs and who uses them: labgpu-gpus asks the driver, the kernel says whose its
// processes are.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "helper/error.h"
#include "helper/event_loop.h"
#include "helper/task.h"

namespace labgpu {

// The account whose container a process of the host's is in; empty when it is in none of labgpu's.
using UserOfProcess = std::function<std::string(pid_t)>;

// What labgpu-gpus said, completed as below; kUnavailable with a sentence for what is no report.
Result<nlohmann::json> complete_report(const std::string& text, const UserOfProcess& user_of);

// The report of gpu/gpu_report.h with "user" beside "pid" wherever it is known. systemd starts a
// labgpu-gpus for each connection to `socket`; what it says is checked as anybody's would be.
// kUnavailable with a sentence for a server without GPUs, or whose driver does not answer within 20
// seconds. Everything given must outlive the Task.
Task<Result<nlohmann::json>> ask_gpus(EventLoop& loop, std::string socket, UserOfProcess user_of);

// The same for many who ask: whoever asks while a question is under way gets its answer, so that
// users who ask all the time start one labgpu-gpus after the other and keep nobody else from it.
class GpuMonitor {
 public:
  // `loop` must outlive the object, the object its Tasks.
  GpuMonitor(EventLoop& loop, std::string socket, UserOfProcess user_of)
      : loop_(loop), socket_(std::move(socket)), user_of_(std::move(user_of)) {}

  Task<Result<nlohmann::json>> report();

 private:
  using Answer = Shared<Result<nlohmann::json>>;
  Task<void> ask();

  EventLoop& loop_;
  std::string socket_;
  UserOfProcess user_of_;
  std::shared_ptr<Answer> under_way_;
  TaskGroup work_;
};

}  // namespace labgpu
