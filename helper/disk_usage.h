// How full file systems are, for people who look: the kernel may take for ever to say so.
//
// statvfs(2) of a mount whose server is away does not return. So each question has a thread, a few
// at most; a path whose question is still open is not asked about again, and threads that never
// come back are left to the end of the process. Nobody waits for them there, either.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "helper/event_loop.h"
#include "helper/task.h"

namespace labgpu {

struct DiskSpace {
  uint64_t device = 0;     // the same for all paths of one file system
  uint64_t total = 0;      // bytes
  uint64_t used = 0;       // of these
  uint64_t available = 0;  // to who is not root
};

// On a thread of its own; nothing when the path is not there.
using AskDisk = std::function<std::optional<DiskSpace>(const std::string& path)>;
std::optional<DiskSpace> ask_kernel_for_disk(const std::string& path);

class DiskUsage {
 public:
  static constexpr unsigned kMostThreads = 4;

  // What was found out is used again while it is `fresh`.
  explicit DiskUsage(EventLoop& loop, AskDisk ask = ask_kernel_for_disk,
                     std::chrono::milliseconds fresh = std::chrono::seconds(10));
  ~DiskUsage();
  DiskUsage(const DiskUsage&) = delete;
  DiskUsage& operator=(const DiskUsage&) = delete;

  // Over when there is an answer for each of these, which may be never.
  Task<void> look_at(std::vector<std::string> paths);

  // From memory, and no older than twice `fresh`.
  [[nodiscard]] std::optional<DiskSpace> space_of(const std::string& path) const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Desk;  // what the threads have of this object; outlives it
  struct Known {
    std::optional<DiskSpace> space;
    Clock::time_point when;
  };

  static void answer_questions(const std::shared_ptr<Desk>& desk);
  void ask(const std::string& path);
  void take_answers();

  std::chrono::milliseconds fresh_;
  std::shared_ptr<Desk> desk_;
  std::map<std::string, Known> known_;
  std::set<std::string> open_;                                             // asked and not answered
  std::shared_ptr<Shared<bool>> news_ = std::make_shared<Shared<bool>>();  // the next answers
  EventSource on_answer_;
};

}  // namespace labgpu
