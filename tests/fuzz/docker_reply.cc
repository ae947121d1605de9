// Fuzzes Docker's replies: whatever they are, they become values within their limits, or an error.
#include <string>
#include <vector>

#include "helper/adoption.h"
#include "helper/container_changes.h"
#include "helper/container_ids.h"
#include "helper/container_spec.h"
#include "helper/container_status.h"
#include "helper/docker_json.h"
#include "helper/docker_types.h"
#include "helper/host_facts.h"
#include "helper/snapshot_images.h"
#include "tests/fuzz/target.h"

namespace {

using labgpu::test::promise;

bool is_id(const std::string& text) { return !text.empty() && text.size() <= labgpu::kLongestId; }

template <typename Value>
void check_error(const labgpu::Result<Value>& result) {
  if (!result) promise(!result.error().message.empty(), "a refusal says why");
}

void look_at(const labgpu::ContainerDetails& details) {
  promise(is_id(details.id), "a container has an id");
  promise(details.pid >= 0, "a process has no negative number");
  promise(details.name.find('\0') == std::string::npos, "a name has no NUL");
  static_cast<void>(labgpu::owner_of(details, "/var/lib/labgpu"));
  labgpu::Settings settings;
  auto changes = labgpu::changes_of(details, settings, std::nullopt, 8);
  auto status = labgpu::describe_container("alice", details, changes);
  promise(status.user == "alice", "a status is of whom it was asked for");
}

const labgpu::Account& alice() {
  static const labgpu::Account account = [] {
    labgpu::Account made;
    made.name = "alice";
    made.uid = made.gid = 20001;
    made.home = "/home/alice";
    return made;
  }();
  return account;
}

// Of a container that labgpu did not make.
void plan_adoption(const labgpu::ContainerDetails& details, const labgpu::ImageDetails& image) {
  static const labgpu::SettingsPolicy policy;
  auto plan = labgpu::plan_from(details, image, alice(), policy);
  promise(plan.hostname.find('.') == std::string::npos, "a hostname has no domain");
  for (const auto& mount : plan.mounts) {
    promise(mount.target.starts_with('/') && mount.source.starts_with('/'), "a mount has paths");
  }
}

void look_at(const labgpu::ImageDetails& image) {
  promise(image.configuration.is_object(), "an image has a configuration");
  for (const auto& name : image.names) {
    promise(name.find('\0') == std::string::npos, "a name has no NUL");
  }
  for (const auto& one : labgpu::snapshots_in({image}, {"alice", 20001})) {
    promise(one.user == "alice" && one.uid == 20001, "a snapshot is of whom it was asked for");
    promise(one.bytes <= image.bytes, "a snapshot is no larger than its image");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  auto reply = labgpu::parse_docker_json(text, "the reply");
  check_error(reply);
  if (!reply) return 0;
  auto details = labgpu::parse_container_details(*reply);
  check_error(details);
  if (details) look_at(*details);
  auto image = labgpu::parse_image_details(*reply);
  check_error(image);
  if (image) look_at(*image);
  if (details && image) plan_adoption(*details, *image);
  auto images = labgpu::parse_image_list(*reply);
  check_error(images);
  if (images) {
    for (const auto& one : *images) look_at(one);
  }
  auto list = labgpu::parse_container_list(*reply);
  check_error(list);
  if (list) {
    for (const auto& one : *list) promise(is_id(one.id), "a container has an id");
  }
  auto engine = labgpu::parse_engine_info(*reply);
  check_error(engine);
  if (engine) {
    static_cast<void>(labgpu::find_host_facts(*engine, std::nullopt));
    static_cast<void>(labgpu::find_container_ids(engine->security_options, engine->root_directory));
  }
  check_error(labgpu::choose_api_version(*reply));
  std::string sentence;
  labgpu::DockerFields(*reply, "the reply").sentence("message", sentence);
  promise(sentence.size() < 1100 && sentence.find('\n') == std::string::npos,
          "a sentence is one line that has an end");
  return 0;
}
