// How often something may be done within a time: a secret be tried, a peer be complained of.
#pragma once

#include <chrono>
#include <map>
#include <string>

namespace labgpu {

// Counts attempts by name. After `most` of them within `period` no more are let pass until the
// period is over; an attempt that turned out right is not counted.
class AttemptLimit {
 public:
  using Clock = std::chrono::steady_clock;
  AttemptLimit(unsigned most, std::chrono::milliseconds period) : most_(most), period_(period) {}

  // Counts an attempt that begins. At once and not when it fails, so that many at the same time do
  // not slip through.
  [[nodiscard]] bool enter(const std::string& name, Clock::time_point now = Clock::now()) {
    std::erase_if(counts_, [&](const auto& entry) { return now - entry.second.since >= period_; });
    auto& count = counts_.try_emplace(name, Count{now}).first->second;
    if (count.attempts >= most_) return false;
    ++count.attempts;
    return true;
  }

  // The attempt was right: the name starts anew.
  void forgive(const std::string& name) { counts_.erase(name); }

 private:
  struct Count {
    Clock::time_point since;
    unsigned attempts = 0;
  };
  unsigned most_;
  std::chrono::milliseconds period_;
  std::map<std::string, Count> counts_;
};

// What peers bring about is logged that often, and not as often as they like: whoever floods the
// log hides in it what others do.
inline constexpr unsigned kMostSaid = 10;
inline constexpr std::chrono::milliseconds kMostSaidPeriod{60000};

}  // namespace labgpu
