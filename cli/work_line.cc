// Calls of methods that tell what they do.
#include "cli/work_line.h"

#include "cli/status_line.h"
#include "cli/table.h"

namespace labgpu {

using nlohmann::json;

namespace {

// "stopping the container, 12 s".
std::string text_of(const json& work) {
  auto seconds = work.value("elapsedMSec", uint64_t{0}) / 1000;
  return printable(work.value("step", std::string())) + ", " + std::to_string(seconds) + " s";
}

}  // namespace

json about(const std::string& name) { return name.empty() ? json::object() : json{{"name", name}}; }

Result<json> call_with_work(const CommandLine& line, const std::string& method,
                            const json& parameters) {
  StatusLine status;
  return call_helper(line, method, parameters, kContainerTimeout,
                     [&status](const json& told) { status.show(text_of(told.at("work"))); });
}

}  // namespace labgpu
