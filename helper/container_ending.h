// How a run of a container ended, and the words for it.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "helper/date.h"
#include "helper/docker_types.h"

namespace labgpu {

enum class EndCause {
  kAsked,          // by labgpu for somebody who asked, or from inside: nobody is surprised
  kIdle,           // by labgpu, because the container was idle
  kOutOfMemory,    // by the kernel, which killed its init
  kKilled,         // its init got SIGKILL, by `docker kill` or by root on the host
  kFailed,         // its init ended by itself, with another status than 0
  kStopped,        // through Docker, and not by labgpu
  kDockerRestart,  // with Docker
  kServerRestart,  // with the server
  kUnseen,         // while labgpud did not run, and Docker has started it again
};

struct ContainerEnding {
  EndCause cause = EndCause::kAsked;
  Microseconds at = 0;
  int64_t exit_code = 0;
  uint64_t memory_bytes = 0;  // the container's limit, with kOutOfMemory; 0: none
};

// What is known of a run that ended from its init's exit status and from what was seen before.
struct EndSigns {
  int64_t exit_code = 0;
  bool out_of_memory = false;  // the kernel has just killed a process of it
  bool signalled = false;      // through Docker's API: docker stop, docker kill, Docker's own end
};
EndCause cause_of(const EndSigns& signs);

// The same for a run whose end nobody saw, as Docker tells it of a container that does not run.
EndCause cause_of(const ContainerDetails& stopped);

// Docker's RFC 3339; now when it is none.
Microseconds moment_of(const std::string& text);

// For a log and for a table: "ran out of memory (limit 16g)".
std::string reason_of(const ContainerEnding& ending);
// For whoever logs in afterwards, when the container runs again; empty when there is nothing to
// say.
std::string notice_of(const ContainerEnding& ending);
// As the administration's interface names the cause.
const char* to_text(EndCause cause);

nlohmann::json to_json(const ContainerEnding& ending);
// Nothing for what this version does not understand.
std::optional<ContainerEnding> ending_from_json(const nlohmann::json& value);

}  // namespace labgpu
