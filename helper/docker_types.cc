// Docker's JSON becomes structs, field by field.
#include "helper/docker_types.h"

#include <algorithm>
#include <limits>

#include "common/parse.h"
#include "helper/docker_json.h"

namespace labgpu {

using nlohmann::json;

namespace {

Result<std::vector<ContainerMount>> parse_mounts(const json* list) {
  std::vector<ContainerMount> mounts;
  if (list == nullptr) return mounts;
  for (const json& entry : *list) {
    ContainerMount mount;
    DockerFields fields(entry, "a mount in Docker's description of a container");
    // A volume of the image may have no source that is of interest here.
    fields.optional_text("Type", mount.type)
        .optional_text("Source", mount.source)
        .optional_boolean("RW", mount.writable)
        .text("Destination", mount.destination);
    if (!fields.result()) return Failed(fields.result().error());
    mounts.push_back(std::move(mount));
  }
  return mounts;
}

Result<std::vector<PublishedPort>> parse_ports(const json* bindings) {
  std::vector<PublishedPort> ports;
  if (bindings == nullptr) return ports;
  for (const auto& entry : bindings->items()) {
    if (!entry.value().is_array()) continue;
    for (const json& binding : entry.value()) {
      PublishedPort port{entry.key(), {}};
      DockerFields fields(binding, "a port in Docker's description of a container");
      fields.optional_text("HostPort", port.host);
      if (!fields.result()) return Failed(fields.result().error());
      ports.push_back(std::move(port));
    }
  }
  return ports;
}

uint64_t size_of(int64_t bytes) { return static_cast<uint64_t>(std::max(bytes, int64_t{0})); }

ContainerLimits parse_limits(DockerFields& fields) {
  ContainerLimits limits;
  int64_t memory = 0;
  int64_t cpus = 0;
  fields.optional_number("HostConfig.Memory", memory)
      .optional_number("HostConfig.NanoCpus", cpus)
      .optional_number("HostConfig.PidsLimit", limits.pids)
      .optional_text("HostConfig.RestartPolicy.Name", limits.restart);
  limits.memory_bytes = size_of(memory);
  limits.nano_cpus = size_of(cpus);
  if (limits.restart.empty()) limits.restart = "no";
  return limits;
}

json configuration_of(DockerFields& fields) {
  const json* configuration = fields.optional_object("Config");
  return configuration == nullptr ? json::object() : *configuration;
}

// NetworkSettings.IPAddress is deprecated and speaks of the default network only.
Result<std::string> parse_address(const json* networks) {
  std::string address;
  if (networks == nullptr) return address;
  for (const auto& entry : networks->items()) {
    DockerFields fields(entry.value(), "a network in Docker's description of a container");
    fields.optional_text("IPAddress", address);
    if (!fields.result()) return Failed(fields.result().error());
    if (!address.empty()) break;
  }
  return address;
}

}  // namespace

Result<EngineInfo> parse_engine_info(const json& reply) {
  EngineInfo info;
  DockerFields fields(reply, "Docker's description of itself");
  fields.optional_keys("Runtimes", info.runtimes)
      .optional_text("LoggingDriver", info.logging_driver)
      .optional_texts("CDISpecDirs", info.cdi_spec_directories)
      .optional_texts("SecurityOptions", info.security_options)
      .optional_text("DockerRootDir", info.root_directory);
  if (!fields.result()) return Failed(fields.result().error());
  return info;
}

Result<ContainerDetails> parse_container_details(const json& reply) {
  ContainerDetails details;
  int64_t pid = 0;
  DockerFields fields(reply, "Docker's description of a container");
  fields.id("Id", details.id)
      .text("Name", details.name)
      .optional_text("Image", details.image_id)
      .text("Config.Image", details.image)
      .optional_text_map("Config.Labels", details.labels)
      .text("State.Status", details.state)
      .number("State.Pid", pid)
      .number("State.ExitCode", details.exit_code)
      .optional_boolean("State.OOMKilled", details.oom_killed)
      .optional_text("State.StartedAt", details.started_at)
      .optional_text("State.FinishedAt", details.finished_at)
      .optional_text("HostsPath", details.hosts_path)
      .optional_text("ResolvConfPath", details.resolv_conf_path);
  Result<std::vector<ContainerMount>> mounts = parse_mounts(fields.optional_array("Mounts"));
  Result<std::string> address = parse_address(fields.optional_object("NetworkSettings.Networks"));
  Result<std::vector<PublishedPort>> ports =
      parse_ports(fields.optional_object("HostConfig.PortBindings"));
  details.limits = parse_limits(fields);
  details.configuration = configuration_of(fields);
  if (!fields.result()) return Failed(fields.result().error());
  if (!mounts) return Failed(mounts.error());
  if (!ports) return Failed(ports.error());
  if (!address) return Failed(address.error());
  if (pid < 0 || pid > std::numeric_limits<pid_t>::max()) {
    return fail(ErrorCode::kInvalid,
                "Docker's description of a container: State.Pid is no process");
  }
  details.pid = static_cast<pid_t>(pid);
  details.mounts = std::move(*mounts);
  details.ports = std::move(*ports);
  details.address = std::move(*address);
  if (details.name.starts_with('/')) details.name.erase(0, 1);
  return details;
}

Result<std::vector<ContainerSummary>> parse_container_list(const json& reply) {
  if (!reply.is_array()) return fail(ErrorCode::kInvalid, "Docker's list of containers is no list");
  std::vector<ContainerSummary> list;
  for (const json& entry : reply) {
    ContainerSummary summary;
    DockerFields fields(entry, "an entry of Docker's list of containers");
    fields.id("Id", summary.id)
        .text("State", summary.state)
        .optional_texts("Names", summary.names)
        .optional_text("Image", summary.image)
        .optional_text_map("Labels", summary.labels);
    if (!fields.result()) return Failed(fields.result().error());
    for (std::string& name : summary.names) {
      if (name.starts_with('/')) name.erase(0, 1);
    }
    list.push_back(std::move(summary));
  }
  return list;
}

Result<ImageDetails> parse_image_details(const json& reply) {
  ImageDetails image;
  int64_t bytes = 0;
  DockerFields fields(reply, "Docker's description of an image");
  fields.text("Id", image.id)
      .optional_number("Size", bytes)
      .optional_texts("RepoTags", image.names)
      .optional_texts("RepoDigests", image.digests)
      .optional_text_map("Config.Labels", image.labels)
      .optional_texts("Config.OnBuild", image.triggers);
  image.configuration = configuration_of(fields);
  if (!fields.result()) return Failed(fields.result().error());
  image.bytes = size_of(bytes);
  return image;
}

Result<std::vector<ImageDetails>> parse_image_list(const json& reply) {
  if (!reply.is_array()) return fail(ErrorCode::kInvalid, "Docker's list of images is no list");
  std::vector<ImageDetails> list;
  for (const json& entry : reply) {
    Result<ImageDetails> image = parse_image_details(entry);
    if (!image) return Failed(image.error());
    DockerFields fields(entry, "an entry of Docker's list of images");
    fields.number("Created", image->created).optional_text_map("Labels", image->labels);
    if (!fields.result()) return Failed(fields.result().error());
    // What no name leads to is "<none>:<none>" in a list.
    std::erase_if(image->names, [](const std::string& name) { return name.starts_with('<'); });
    list.push_back(std::move(*image));
  }
  return list;
}

Result<ContainerEvent> parse_container_event(std::string_view line) {
  Result<json> parsed = parse_docker_json(line, "an event of Docker's");
  if (!parsed) return Failed(parsed.error());
  ContainerEvent event;
  DockerFields fields(*parsed, "an event of Docker's");
  fields.text("Action", event.action)
      .id("Actor.ID", event.id)
      .optional_text("Actor.Attributes.exitCode", event.exit_code)
      .optional_text("Actor.Attributes.signal", event.signal)
      .optional_number("timeNano", event.nanoseconds);
  if (!fields.result()) return Failed(fields.result().error());
  return event;
}

Result<ApiVersion> parse_api_version(std::string_view text) {
  ApiVersion version;
  size_t dot = text.find('.');
  if (dot == std::string_view::npos || !parse_u32(text.substr(0, dot), version.major) ||
      !parse_u32(text.substr(dot + 1), version.minor)) {
    return fail(ErrorCode::kInvalid,
                "Docker names an API version that is none: " + std::string(text));
  }
  return version;
}

std::string to_string(ApiVersion version) {
  return std::to_string(version.major) + "." + std::to_string(version.minor);
}

Result<ApiVersion> choose_api_version(const json& reply) {
  std::string newest_text;
  std::string oldest_text = "1.12";  // what engines spoke that did not say MinAPIVersion
  DockerFields fields(reply, "Docker's version");
  fields.text("ApiVersion", newest_text).optional_text("MinAPIVersion", oldest_text);
  if (!fields.result()) return Failed(fields.result().error());
  Result<ApiVersion> newest = parse_api_version(newest_text);
  if (!newest) return newest;
  Result<ApiVersion> oldest = parse_api_version(oldest_text);
  if (!oldest) return oldest;
  ApiVersion chosen = std::min(*newest, kNewestApi);
  if (!(chosen < kOldestApi) && !(chosen < *oldest)) return chosen;
  return fail(ErrorCode::kUnavailable,
              "Docker speaks the API versions " + to_string(*oldest) + " to " + to_string(*newest) +
                  ", labgpu " + to_string(kOldestApi) + " to " + to_string(kNewestApi) +
                  "; update the " + (kNewestApi < *oldest ? "labgpu package" : "Docker Engine"));
}

}  // namespace labgpu
