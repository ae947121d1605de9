// Runs of containers, told apart by when they started.
#include "helper/container_history.h"

#include <charconv>
#include <chrono>
#include <filesystem>
#include <string_view>
#include <utility>

#include "helper/atomic_file.h"
#include "helper/json_fields.h"
#include "helper/life_log.h"
#include "helper/read_file.h"

namespace labgpu {

namespace {

constexpr Microseconds kSecond = 1000000;
// Between the kernel's killing of a process and the end of a container that goes with it.
constexpr Microseconds kAtOnce = 5 * kSecond;
// A login that starts a container does not wait for the disk as well.
constexpr std::chrono::milliseconds kDelay{1000};

std::string file_of(const std::string& state_directory, const std::string& user) {
  return container_directory(state_directory, user) + "/history.json";
}

int64_t number_of(std::string_view text) {
  int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

Microseconds moment_of_event(const ContainerEvent& event) {
  return event.nanoseconds > 0 ? static_cast<Microseconds>(event.nanoseconds / 1000)
                               : now_in_microseconds();
}

// proc(5), /proc/PID/stat: the 22nd field; the second, in parentheses, may have any character in
// it.
std::string start_of_first_process() {
  auto stat = read_file("/proc/1/stat").value_or("");
  std::string_view rest = stat;
  size_t end_of_name = rest.rfind(')');
  if (end_of_name == std::string_view::npos) return {};
  rest.remove_prefix(end_of_name + 1);
  for (int field = 3; field <= 22; ++field) {
    size_t space = rest.find(' ');
    if (space == std::string_view::npos) return {};
    rest.remove_prefix(space + 1);
  }
  return std::string(rest.substr(0, rest.find(' ')));
}

}  // namespace

std::string ContainerHistory::this_boot() {
  auto id = read_file("/proc/sys/kernel/random/boot_id").value_or("");
  return id.substr(0, id.find('\n')) + ":" + start_of_first_process();
}

ContainerHistory::ContainerHistory(EventLoop& loop, std::string state_directory, std::string boot)
    : loop_(loop), state_directory_(std::move(state_directory)), boot_(std::move(boot)) {}

ContainerHistory::~ContainerHistory() { write_all(); }

ContainerHistory::Entry& ContainerHistory::entry_of(const std::string& user) {
  auto [found, is_new] = entries_.try_emplace(user);
  if (is_new) read(user, found->second);
  return found->second;
}

void ContainerHistory::read(const std::string& user, Entry& entry) const {
  entry.connection = connection_;
  auto text = read_file(file_of(state_directory_, user));
  if (!text) return;
  auto document = parse_json(*text, false);
  if (!document || !document->is_object()) return;
  JsonFields fields(*document, "");
  Entry kept = entry;
  kept.container = fields.required_text("container");
  kept.started_at = fields.required_text("startedAt");
  kept.boot = fields.required_text("boot");
  kept.ended = fields.boolean("ended").value_or(false);
  kept.told = fields.boolean("told").value_or(true);
  if (const auto* ending = fields.object("ending")) kept.ending = ending_from_json(*ending);
  if (fields.finish()) entry = std::move(kept);
}

void ContainerHistory::write_later(const std::string& user) {
  unwritten_.insert(user);
  writing_ = loop_.after(kDelay, [this] { write_all(); });
}

void ContainerHistory::write_all() {
  for (const auto& user : std::exchange(unwritten_, {})) {
    const Entry& entry = entries_[user];
    nlohmann::json document = {{"container", entry.container},
                               {"startedAt", entry.started_at},
                               {"boot", entry.boot},
                               {"ended", entry.ended},
                               {"told", entry.told}};
    if (entry.ending) document["ending"] = to_json(*entry.ending);
    auto path = file_of(state_directory_, user);
    if (!std::filesystem::exists(container_directory(state_directory_, user))) continue;
    constexpr mode_t kOwnerOnly = 0600;
    auto written = replace_file(path, document.dump(2) + "\n", kOwnerOnly, 0, 0);
    if (!written) log(LogLevel::kWarning, written.error().message, {{kLogUser, user}});
  }
}

void ContainerHistory::note_running(const ContainerOwner& owner, const ContainerDetails& details) {
  Entry& entry = entry_of(owner.user);
  bool same_run = entry.container == details.id && entry.started_at == details.started_at;
  if (entry.container != details.id) {
    entry = Entry();  // what befell another container is of no use now
    entry.container = details.id;
  } else if (!same_run && !entry.ended) {
    auto cause = entry.connection != connection_ ? EndCause::kDockerRestart : EndCause::kUnseen;
    if (entry.boot != boot_) cause = EndCause::kServerRestart;
    end_run(owner.user, entry, {.cause = cause, .at = moment_of(details.finished_at)});
  } else if (!same_run && !entry.starting) {
    correct_cause(entry);
  }
  entry.starting = false;
  entry.name = details.name;
  entry.memory_bytes = details.limits.memory_bytes;
  entry.connection = connection_;
  if (same_run) return;
  entry.started_at = details.started_at;
  entry.boot = boot_;
  entry.ended = false;
  entry.expected.reset();
  entry.signalled = false;
  entry.kills = {};
  write_later(owner.user);
}

void ContainerHistory::note_stopped(const ContainerOwner& owner, const ContainerDetails& details) {
  Entry& entry = entry_of(owner.user);
  if (entry.container != details.id) return;  // nobody knows what it was like before
  entry.name = details.name;
  entry.starting = true;
  if (!entry.ended) {
    auto cause = cause_of(details);
    if (entry.connection != connection_) cause = EndCause::kDockerRestart;
    if (entry.boot != boot_) cause = EndCause::kServerRestart;
    end_run(owner.user, entry,
            {.cause = entry.expected.value_or(cause),
             .at = moment_of(details.finished_at),
             .exit_code = details.exit_code,
             .memory_bytes = details.limits.memory_bytes});
    return;
  }
  // The kernel's word may come after the end, or not at all; an earlier kill was another process's.
  if (entry.ending && entry.ending->cause == EndCause::kKilled && !entry.signalled &&
      details.oom_killed && entry.kills.count == 0) {
    entry.ending->cause = EndCause::kOutOfMemory;
    entry.ending->memory_bytes = details.limits.memory_bytes;
  }
}

// "Stopped with Docker" turns out to be a part of something larger: Docker, which starts nothing
// that somebody has stopped, has started it again.
void ContainerHistory::correct_cause(Entry& entry) const {
  if (!entry.ending || entry.ending->cause != EndCause::kStopped) return;
  if (entry.connection != connection_) entry.ending->cause = EndCause::kDockerRestart;
  if (entry.boot != boot_) entry.ending->cause = EndCause::kServerRestart;
}

void ContainerHistory::end_run(const std::string& user, Entry& entry, ContainerEnding ending) {
  entry.ended = true;
  write_later(user);
  if (!entry.expected) {
    log_life(LogLevel::kNotice, LifeEvent::kEnded, user, entry.name,
             "the container " + reason_of(ending));
  }
  // A surprise that nobody has heard of is not forgotten over what somebody asked for.
  if (ending.cause == EndCause::kAsked && entry.ending && !entry.told) return;
  entry.ending = ending;
  entry.told = notice_of(ending).empty();
}

void ContainerHistory::expect_end(const std::string& user, EndCause cause) {
  entry_of(user).expected = cause;
}

void ContainerHistory::expect_no_end(const std::string& user) { entry_of(user).expected.reset(); }

void ContainerHistory::take_event(const ContainerEvent& event) {
  for (auto& [user, entry] : entries_) {
    if (entry.container != event.id) continue;
    if (event.action == "kill") {
      entry.signalled = true;
      entry.last_signal = moment_of_event(event);
    } else if (event.action == "oom") {
      take_memory_kill(user, entry, event);
    } else if (event.action == "die") {
      take_end(user, entry, event);
    }
    return;
  }
}

void ContainerHistory::take_memory_kill(const std::string& user, Entry& entry,
                                        const ContainerEvent& event) {
  auto at = moment_of_event(event);
  log_life(LogLevel::kWarning, LifeEvent::kOutOfMemory, user, entry.name,
           "the kernel killed a process of the container, which ran out of memory");
  if (entry.ended && entry.ending && entry.ending->cause == EndCause::kKilled && !entry.signalled &&
      at < entry.ending->at + kAtOnce) {
    entry.ending->cause = EndCause::kOutOfMemory;
    entry.ending->memory_bytes = entry.memory_bytes;
    write_later(user);
    return;
  }
  ++entry.kills.count;
  entry.kills.last = at;
}

void ContainerHistory::take_end(const std::string& user, Entry& entry,
                                const ContainerEvent& event) {
  auto at = moment_of_event(event);
  bool just_now = entry.kills.count > 0 && at < entry.kills.last + kAtOnce;
  // A signal that was sent long before was for something else: docker kill -s HUP.
  constexpr Microseconds kLongestStop = 60 * kSecond;
  bool signalled = entry.signalled && at < entry.last_signal + kLongestStop;
  ContainerEnding ending{.at = at, .exit_code = number_of(event.exit_code)};
  ending.cause =
      cause_of({.exit_code = ending.exit_code, .out_of_memory = just_now, .signalled = signalled});
  if (ending.cause == EndCause::kOutOfMemory) ending.memory_bytes = entry.memory_bytes;
  if (entry.expected) ending.cause = *entry.expected;
  // Docker had started it again before its word about the end came.
  bool is_of_run_before = at < moment_of(entry.started_at);
  if (!entry.ended && !is_of_run_before) {
    entry.connection = connection_;
    end_run(user, entry, ending);
  } else if (is_of_run_before && entry.ending && entry.ending->cause == EndCause::kUnseen) {
    entry.ending = ending;
    write_later(user);
  }
}

void ContainerHistory::forget(const std::string& user) {
  entries_.erase(user);
  unwritten_.erase(user);
}

std::optional<ContainerEnding> ContainerHistory::untold_ending(const std::string& user) const {
  auto found = entries_.find(user);
  if (found == entries_.end() || found->second.told) return std::nullopt;
  return found->second.ending;
}

void ContainerHistory::note_told(const std::string& user) {
  auto found = entries_.find(user);
  if (found == entries_.end() || found->second.told) return;
  found->second.told = true;
  write_later(user);
}

std::optional<ContainerEnding> ContainerHistory::last_ending(const std::string& user) const {
  auto found = entries_.find(user);
  return found == entries_.end() ? std::nullopt : found->second.ending;
}

MemoryKills ContainerHistory::memory_kills(const std::string& user) const {
  auto found = entries_.find(user);
  return found == entries_.end() ? MemoryKills{} : found->second.kills;
}

}  // namespace labgpu
