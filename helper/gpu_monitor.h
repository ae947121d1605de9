// The server's GPUs and who uses them: labgpu-gpus asks the driver, the kernel says whose its
// processes are.
#pragma once

#include <sys/types.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "helper/error.h"
#include "helper/event_loop.h"
#include "helper/task.h"

namespace labgpu {

// The account whose container a process of the host's is in; empty when it is in none of labgpu's.
using UserOfProcess = std::function<std::string(pid_t)>;

// The report of gpu/gpu_report.h with "user" beside "pid" wherever it is known. systemd starts a
// labgpu-gpus for each connection to `socket`; what it says is checked as anybody's would be.
// kUnavailable with a sentence for a server without GPUs, or whose driver does not answer within 20
// seconds. Everything given must outlive the Task.
Task<Result<nlohmann::json>> ask_gpus(EventLoop& loop, std::string socket, UserOfProcess user_of);

}  // namespace labgpu
