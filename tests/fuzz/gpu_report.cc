// Fuzzes what labgpu-gpus says to the helper, and what an owner's and an administrator's `labgpu
// gpu` get of it.
#include <string>

#include "helper/gpu_monitor.h"
#include "helper/varlink_message.h"
#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using labgpu::test::promise;
  const std::string text(reinterpret_cast<const char*>(data), size);
  auto user_of = [](pid_t pid) { return pid % 2 == 0 ? std::string("alice") : std::string(); };
  auto report = labgpu::complete_report(text, user_of);
  if (!report) {
    promise(!report.error().message.empty(), "a refusal says why");
    return 0;
  }
  for (const auto& gpu : report->at("gpus")) {
    if (!gpu.is_object()) continue;
    for (const auto& process : gpu.at("processes")) {
      promise(process.at("pid").is_number_unsigned(), "a process has a number");
    }
  }
  promise(labgpu::encode_reply(*report).ends_with('\0'), "it can be told");
  return 0;
}
