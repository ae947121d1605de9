// From Docker's words and the kernel's to a sentence.
#include "helper/container_ending.h"

#include <signal.h>

#include <array>
#include <utility>

#include "helper/json_fields.h"
#include "helper/settings_values.h"

namespace labgpu {

namespace {

// What Docker makes of an init's death by signal, as shells do.
constexpr int64_t kBySignal = 128;

constexpr std::array<std::pair<EndCause, const char*>, 9> kNames{{
    {EndCause::kAsked, "asked"},
    {EndCause::kIdle, "idle"},
    {EndCause::kOutOfMemory, "out_of_memory"},
    {EndCause::kKilled, "killed"},
    {EndCause::kFailed, "failed"},
    {EndCause::kStopped, "stopped"},
    {EndCause::kDockerRestart, "docker_restart"},
    {EndCause::kServerRestart, "server_restart"},
    {EndCause::kUnseen, "unseen"},
}};

std::string limit_text(uint64_t memory_bytes) {
  return memory_bytes == 0 ? "" : " (limit " + memory_text(memory_bytes) + ")";
}

}  // namespace

EndCause cause_of(const EndSigns& signs) {
  if (signs.exit_code == kBySignal + SIGKILL) {
    return signs.out_of_memory ? EndCause::kOutOfMemory : EndCause::kKilled;
  }
  if (signs.exit_code != 0) return EndCause::kFailed;
  return signs.signalled ? EndCause::kStopped : EndCause::kAsked;
}

// State.OOMKilled is true also when another process than init was killed and the container went on.
EndCause cause_of(const ContainerDetails& stopped) {
  return cause_of(
      {.exit_code = stopped.exit_code, .out_of_memory = stopped.oom_killed, .signalled = true});
}

Microseconds moment_of(const std::string& text) {
  return parse_date(text, PartOfDay::kStart).value_or(now_in_microseconds());
}

std::string reason_of(const ContainerEnding& ending) {
  switch (ending.cause) {
    case EndCause::kAsked:
      return "was stopped";
    case EndCause::kIdle:
      return "was stopped because it was idle";
    case EndCause::kOutOfMemory:
      return "was ended by the kernel because it ran out of memory" +
             limit_text(ending.memory_bytes);
    case EndCause::kKilled:
      return "was killed from outside (docker kill, or a signal of root's on the server)";
    case EndCause::kFailed:
      return "ended because its labgpu-init ended with status " + std::to_string(ending.exit_code);
    case EndCause::kStopped:
      return "was stopped with Docker";
    case EndCause::kDockerRestart:
      return "ended because Docker was restarted";
    case EndCause::kServerRestart:
      return "ended because the server was restarted";
    case EndCause::kUnseen:
      break;
  }
  return "ended, and Docker started it again";
}

std::string notice_of(const ContainerEnding& ending) {
  if (ending.cause == EndCause::kAsked) return {};
  return "your container " + reason_of(ending) + ", on " + date_text(ending.at) +
         "; it was started again, and its files are as they were";
}

const char* to_text(EndCause cause) {
  for (const auto& [known, name] : kNames) {
    if (known == cause) return name;
  }
  return "unseen";
}

nlohmann::json to_json(const ContainerEnding& ending) {
  return {{"cause", to_text(ending.cause)},
          {"atUSec", ending.at},
          {"exitCode", static_cast<uint64_t>(ending.exit_code)},
          {"memory", ending.memory_bytes}};
}

std::optional<ContainerEnding> ending_from_json(const nlohmann::json& value) {
  JsonFields fields(value, "ending");
  ContainerEnding ending;
  auto cause = fields.required_text("cause");
  ending.at = fields.number("atUSec").value_or(0);
  ending.exit_code = static_cast<int64_t>(fields.number("exitCode").value_or(0));
  ending.memory_bytes = fields.number("memory").value_or(0);
  if (!fields.finish()) return std::nullopt;
  for (const auto& [known, name] : kNames) {
    if (cause != name) continue;
    ending.cause = known;
    return ending;
  }
  return std::nullopt;
}

}  // namespace labgpu
