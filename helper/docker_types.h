// What labgpu reads of Docker's replies, and how the JSON of the Engine API becomes it.
//
// Field names as in the API's reference,
// https://docs.docker.com/reference/api/engine/version/v1.41/.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "helper/error.h"

namespace labgpu {

// GET /info
struct EngineInfo {
  std::vector<std::string> runtimes;
  std::string logging_driver;
  std::vector<std::string> cdi_spec_directories;  // empty: no CDI, or it is switched off
  std::vector<std::string> security_options;      // "name=userns" …
  std::string root_directory;                     // where images and containers are
};

// What Docker can change in a container while it runs; HostConfig.
struct ContainerLimits {
  uint64_t memory_bytes = 0;  // 0: none
  uint64_t nano_cpus = 0;     // 0: none
  int64_t pids = 0;           // 0 or less: none
  std::string restart;        // the policy's name; "" is "no" too
};

// HostConfig.PortBindings
struct PublishedPort {
  std::string container;  // "8888/tcp"
  std::string host;       // "20000"
};

struct ContainerMount {
  std::string source;
  std::string destination;
  std::string type = "bind";  // or "volume" …
  bool writable = true;
};

// GET /containers/{id}/json
struct ContainerDetails {
  std::string id;
  std::string name;   // without Docker's leading slash
  std::string image;  // as it was asked for
  std::string image_id;
  nlohmann::json configuration;  // Config as it is; an object
  std::map<std::string, std::string> labels;
  std::string state;  // created, running, paused, restarting, removing, exited or dead
  pid_t pid = 0;      // 0 when no process runs
  int64_t exit_code = 0;
  bool oom_killed = false;  // of its last run: the kernel killed a process for want of memory
  std::string started_at;   // RFC 3339
  std::string finished_at;  // RFC 3339; of the run before, while it runs
  std::vector<ContainerMount> mounts;
  std::string address;  // the first network's; may be empty
  // Files of the host that are /etc/hosts and /etc/resolv.conf in it; empty when Docker makes none.
  std::string hosts_path;
  std::string resolv_conf_path;
  ContainerLimits limits;
  std::vector<PublishedPort> ports;
};

// An entry of GET /containers/json
struct ContainerSummary {
  std::string id;
  std::string state;
  std::vector<std::string> names;  // without Docker's leading slash; the first is its own
  std::string image = {};          // as it was asked for, while that name is the image's
  std::map<std::string, std::string> labels = {};
};

// GET /images/{name}/json, or an entry of GET /images/json, which has no configuration
struct ImageDetails {
  std::string id = {};
  nlohmann::json configuration = {};      // Config as it is; an object
  std::vector<std::string> names = {};    // "debian:12" …
  std::vector<std::string> digests = {};  // "debian@sha256:…" …
  uint64_t bytes = 0;                     // with the layers that it shares with others
  std::map<std::string, std::string> labels = {};
  std::vector<std::string> triggers = {};  // ONBUILD instructions
  int64_t created = 0;                     // seconds since 1970; only in a list
};

// POST /build
struct ImageBuild {
  int context_fd = -1;  // a tar file, borrowed
  uint64_t context_size = 0;
  std::string recipe;                   // the Dockerfile's path in it
  std::string name;                     // with its tag
  nlohmann::json labels;                // an object of texts
  nlohmann::json limits;                // further parameters of the query
  std::vector<std::string> cache_from;  // images whose layers may be used again; none: no layer
};

// A line of GET /events
struct ContainerEvent {
  std::string action;  // "start", "die" …
  std::string id;
  std::string exit_code;    // of "die", a number; else empty
  std::string signal;       // of "kill", a number; else empty
  int64_t nanoseconds = 0;  // when, since 1970
};

Result<EngineInfo> parse_engine_info(const nlohmann::json& reply);
Result<ContainerDetails> parse_container_details(const nlohmann::json& reply);
Result<std::vector<ContainerSummary>> parse_container_list(const nlohmann::json& reply);
Result<ImageDetails> parse_image_details(const nlohmann::json& reply);
Result<std::vector<ImageDetails>> parse_image_list(const nlohmann::json& reply);
Result<ContainerEvent> parse_container_event(std::string_view line);

// The Engine API's "MAJOR.MINOR".
struct ApiVersion {
  uint32_t major = 0;
  uint32_t minor = 0;
  constexpr bool operator<(const ApiVersion& other) const {
    return major != other.major ? major < other.major : minor < other.minor;
  }
};
Result<ApiVersion> parse_api_version(std::string_view text);
std::string to_string(ApiVersion version);

// The versions labgpu was tried with: Debian 12's engine (20.10) speaks up to 1.41; engines from 29
// on speak nothing below 1.44.
inline constexpr ApiVersion kOldestApi{1, 41};
inline constexpr ApiVersion kNewestApi{1, 44};

// The newest version that labgpu and an engine have in common, from its reply to GET /version.
Result<ApiVersion> choose_api_version(const nlohmann::json& reply);

}  // namespace labgpu
