// What happened to each account's container: how its last run ended, and whether the user knows.
//
// Fed with Docker's events and with what the manager does. It survives the helper and the server in
// <state>/containers/<user>/history.json, which is a hint and no record: a file that is missing or
// damaged means that there is nothing to tell. Files are written a second later, and at the end.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "helper/container_ending.h"
#include "helper/container_spec.h"
#include "helper/docker_types.h"
#include "helper/event_loop.h"

namespace labgpu {

// The kernel killed processes of a container that went on.
struct MemoryKills {
  uint64_t count = 0;  // since it was started; as far as this helper saw it
  Microseconds last = 0;
};

class ContainerHistory {
 public:
  // `boot` names this run of the server; two runs have two names.
  ContainerHistory(EventLoop& loop, std::string state_directory, std::string boot = this_boot());
  ~ContainerHistory();

  // A container runs, for the first time or still. When it is another run than the one that is
  // remembered, that one has ended.
  void note_running(const ContainerOwner& owner, const ContainerDetails& details);
  // One that does not run is about to be started.
  void note_stopped(const ContainerOwner& owner, const ContainerDetails& details);
  // labgpu ends it, or will not after all.
  void expect_end(const std::string& user, EndCause cause);
  void expect_no_end(const std::string& user);
  // Any of Docker's; logs what it means.
  void take_event(const ContainerEvent& event);
  // Events may have been missed: Docker was away.
  void note_lost_events() { ++connection_; }
  // There is no container any more.
  void forget(const std::string& user);

  // How the last run of that account's container ended, when nobody was told yet.
  [[nodiscard]] std::optional<ContainerEnding> untold_ending(const std::string& user) const;
  void note_told(const std::string& user);
  // The last ending at all.
  [[nodiscard]] std::optional<ContainerEnding> last_ending(const std::string& user) const;
  [[nodiscard]] MemoryKills memory_kills(const std::string& user) const;

  // The kernel's id of its boot, and when process 1 started: the id alone does not tell where the
  // server is itself a container that was started anew.
  static std::string this_boot();

 private:
  struct Entry {
    std::string container;  // its id
    std::string name;
    std::string started_at;  // of its last run, as Docker says
    std::string boot;        // in which that was
    uint64_t memory_bytes = 0;
    std::optional<ContainerEnding> ending;  // of that run, or of the one before while it runs
    bool ended = false;                     // the last run is over
    bool told = true;
    bool starting = false;  // labgpu starts it
    // Only in memory, of the last run:
    std::optional<EndCause> expected;
    bool signalled = false;
    Microseconds last_signal = 0;
    MemoryKills kills;
    uint64_t connection = 0;  // to Docker, when it ended or was last seen running
  };

  Entry& entry_of(const std::string& user);
  void read(const std::string& user, Entry& entry) const;
  void write_later(const std::string& user);
  void write_all();
  void end_run(const std::string& user, Entry& entry, ContainerEnding ending);
  void correct_cause(Entry& entry) const;
  void take_end(const std::string& user, Entry& entry, const ContainerEvent& event);
  void take_memory_kill(const std::string& user, Entry& entry, const ContainerEvent& event);

  EventLoop& loop_;
  std::string state_directory_;
  std::string boot_;
  uint64_t connection_ = 0;
  std::map<std::string, Entry> entries_;  // by user
  std::set<std::string> unwritten_;
  EventSource writing_;
};

}  // namespace labgpu
