// How many connections each user may hold to one socket, so that nobody keeps the others out.
//
// A user may hold a certain part of what is still free, not a certain number: the more is taken,
// the fewer are for each, so that a few users who take all they get leave places to others.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <map>

namespace labgpu {

struct QuotaLimits {
  size_t total = 0;
  size_t unprivileged = 0;  // of these, by others than root
  size_t per_user = 0;      // while nobody else holds any; root is not counted
};

class ConnectionQuota {
 public:
  explicit ConnectionQuota(QuotaLimits limits) : limits_(limits) {}

  // Counts one more connection of that user; false when there are too many.
  [[nodiscard]] bool enter(uid_t uid) {
    if (total_ >= limits_.total) return false;
    if (uid != 0) {
      if (!has_room_for(uid)) return false;
      ++by_uid_[uid];
      ++unprivileged_;
    }
    ++total_;
    return true;
  }

  // Takes back one enter() that was true.
  void leave(uid_t uid) {
    --total_;
    if (uid == 0) return;
    --unprivileged_;
    auto own = by_uid_.find(uid);
    if (--own->second == 0) by_uid_.erase(own);
  }

 private:
  // With this part of the free ones a user who is alone ends at per_user.
  [[nodiscard]] bool has_room_for(uid_t uid) const {
    const size_t free = limits_.unprivileged - unprivileged_;
    const size_t parts = limits_.unprivileged / limits_.per_user - 1;
    auto own = by_uid_.find(uid);
    return own == by_uid_.end() ? free > 0 : own->second * parts < free;
  }

  QuotaLimits limits_;
  size_t total_ = 0;
  size_t unprivileged_ = 0;
  std::map<uid_t, size_t> by_uid_;
};

}  // namespace labgpu
