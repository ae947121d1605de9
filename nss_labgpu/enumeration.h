// Where a walk over one index (setpwent, getpwent, …, endpwent) stands.
//
// The place is the name that was answered last, and nothing else: each step opens the index, finds
// that name, and goes on behind it. So no descriptor stays open, and when the helper replaces the
// index in between the walk goes on in the new one, each account at most once; only when just the
// last one answered was removed, the walk ends there.
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include <atomic>
#include <span>
#include <string_view>

#include "common/cdb_reader.h"
#include "common/index_record.h"

namespace labgpu {

// One walk for the whole process, as POSIX has it. glibc calls set, get and end of one database
// under a lock of its own, so two threads meet here only when a program calls the module by itself.
// Nobody waits then: the second gets EAGAIN. Waiting could be for ever in a child that was forked
// while another thread was in here; the holder's process id tells the child that nobody holds it.
class Enumeration {
 public:
  // `index` must be a constant.
  constexpr explicit Enumeration(const char* index) : index_(index) {}
  Enumeration(const Enumeration&) = delete;
  Enumeration& operator=(const Enumeration&) = delete;

  // The next step begins with the first record.
  [[nodiscard]] int rewind();

  // Reads the next entry's line into `buffer` and hands (name, line) to `pack`, which returns an
  // errno number. ENOENT behind the last entry. Moves on only on success, so that after ERANGE the
  // same entry comes again.
  template <typename Pack>
  [[nodiscard]] int next(std::span<char> buffer, Pack pack) {
    if (!acquire()) return EAGAIN;
    Entry entry;
    int error = read_next(buffer, entry);
    if (error == 0) error = pack(entry.name(), entry.line);
    if (error == 0) last_ = entry.key;
    release();
    return error;
  }

 private:
  struct Entry {
    IndexKey key;
    std::span<char> line;
    [[nodiscard]] std::string_view name() const {
      return {key.text().data() + 1, key.text().size() - 1};
    }
  };
  [[nodiscard]] bool acquire();
  void release() { holder_.store(0, std::memory_order_release); }
  [[nodiscard]] int read_next(std::span<char> buffer, Entry& entry) const;

  const char* index_;
  std::atomic<pid_t> holder_ = 0;  // the process inside, 0 for none
  IndexKey last_;                  // empty at the start
};

}  // namespace labgpu
