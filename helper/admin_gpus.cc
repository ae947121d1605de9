// The method of org.labgpu about the server's GPUs.
#include "helper/admin_methods.h"
#include "helper/admin_replies.h"
#include "helper/gpu_monitor.h"

namespace labgpu {

Task<VarlinkReply> AdminMethods::list_gpus(const nlohmann::json& parameters) {
  JsonFields fields(parameters, "");
  if (auto finished = finish(fields); !finished) co_return VarlinkFailed(finished.error());
  auto asking =
      ask_gpus(loop_, gpu_socket_, [this](pid_t pid) { return containers_.user_of_process(pid); });
  auto report = co_await asking;
  if (!report) co_return container_failed(report.error());
  co_return std::move(*report);
}

}  // namespace labgpu
