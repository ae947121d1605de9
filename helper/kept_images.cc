// Names of images that labgpu keeps for rebuilt containers, and which of them go.
#include "helper/kept_images.h"

#include <set>
#include <string_view>
#include <utility>

#include "helper/container_spec.h"
#include "helper/image_name.h"
#include "helper/log.h"

namespace labgpu {

namespace {

constexpr char kKept[] = "labgpu/kept/";
constexpr size_t kShortId = 12;

}  // namespace

std::string image_name_of(const std::string& user, uint32_t uid) {
  return is_name_component(user) ? user : "uid-" + std::to_string(uid);
}

std::string kept_image(const std::string& user, uint32_t uid, const std::string& replaced_id) {
  std::string tag = replaced_id.empty() ? "first" : replaced_id.substr(0, kShortId);
  return kKept + image_name_of(user, uid) + ":" + tag;
}

// Docker itself keeps the last name of an image that a container is made from, and no other one.
Task<void> forget_unused_images(DockerClient& docker, std::string user, uint32_t uid) {
  std::string label = std::string(kLabelUser) + "=" + user;
  Result<std::vector<ContainerSummary>> containers =
      co_await docker.list_containers(std::move(label));
  if (!containers) {
    log(LogLevel::kWarning, containers.error().message, {{kLogUser, user}});
    co_return;
  }
  std::set<std::string> used;
  for (const ContainerSummary& container : *containers) used.insert(container.image);
  std::string pattern = kKept + image_name_of(user, uid);
  Result<std::vector<ImageDetails>> images = co_await docker.list_images(std::move(pattern));
  if (!images) {
    log(LogLevel::kWarning, images.error().message, {{kLogUser, user}});
    co_return;
  }
  for (const ImageDetails& image : *images) {
    for (const std::string& tag : image.names) {
      if (!tag.starts_with(kKept) || used.contains(tag)) continue;
      Result<void> removed = co_await docker.remove_image(tag);
      bool in_use = !removed && removed.error().code == ErrorCode::kExists;
      if (!removed && !in_use) {
        log(LogLevel::kWarning, removed.error().message, {{kLogUser, user}});
      }
    }
  }
}

}  // namespace labgpu
