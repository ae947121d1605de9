// labgpu-gpus: prints what the server's GPUs do, as JSON, and ends.
//
// A process of its own, because the driver's library starts threads, maps memory that is writable
// and executable, and may never return: nothing of that belongs into labgpud.
#include <cstdlib>
#include <iostream>

#include "gpu/gpu_report.h"

int main() {
  auto report = labgpu::load_nvml("libnvidia-ml.so.1").and_then(labgpu::report_gpus);
  nlohmann::json answer = report ? *report : nlohmann::json{{"problem", report.error()}};
  // The driver's texts need not be UTF-8.
  std::cout << answer.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
  // Without the destructors of a library that may hang in them.
  std::cout.flush();
  std::_Exit(std::cout ? EXIT_SUCCESS : EXIT_FAILURE);
}
