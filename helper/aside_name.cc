// Writing and reading the names of containers that stand aside.
#include "helper/aside_name.h"

#include <string_view>

namespace labgpu {

namespace {

// As long as Docker's own short ids.
constexpr size_t kShortId = 12;

std::string suffix(const std::string& id, bool ran) {
  return (ran ? ".ran-" : ".stopped-") + id.substr(0, kShortId);
}

}  // namespace

std::string aside_name(const ContainerDetails& container) {
  bool ran = container.state == "running" || container.state == "paused" ||
             container.state == "restarting";
  auto before = was_before(container);
  return (before ? before->name : container.name) + suffix(container.id, ran);
}

std::optional<WasBefore> was_before(const std::string& name, const std::string& id) {
  for (bool ran : {true, false}) {
    std::string end = suffix(id, ran);
    if (name.size() > end.size() && name.ends_with(end)) {
      return WasBefore{name.substr(0, name.size() - end.size()), ran};
    }
  }
  return std::nullopt;
}

std::optional<WasBefore> was_before(const ContainerDetails& container) {
  return was_before(container.name, container.id);
}

}  // namespace labgpu
