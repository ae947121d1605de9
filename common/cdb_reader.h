// Reads a constant database (D. J. Bernstein's cdb, https://cr.yp.to/cdb/cdb.txt) without trusting
// it.
//
// A file is a header of 256 pairs (position, slots) of hash tables, the records (key size, value
// size, key, value), then the tables of pairs (hash, record position); every number is a
// little-endian u32. Each offset is checked against the size the file had when it was opened, and
// each loop is bounded by it, so a damaged file costs an error at worst. Nothing is mapped or
// allocated.
//
// Errors are errno numbers: ENOENT no such record (or, from open, no such file); EBADMSG the file
// is not a whole cdb; anything else from open(2), fstat(2) or pread(2).
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <span>
#include <string_view>

#include "common/unique_fd.h"

namespace labgpu {

// Where the two parts of a record lie; both are inside the file's records.
struct CdbRecord {
  uint32_t key_at = 0;
  uint32_t key_size = 0;
  uint32_t value_at = 0;
  uint32_t value_size = 0;
  // Where the next record begins.
  [[nodiscard]] uint32_t end() const { return value_at + value_size; }
};

// Holds one descriptor and the file's header from open() to destruction. Not shared between
// threads; after fork(2) both sides may go on reading, because pread(2) moves no offset.
class CdbReader {
 public:
  // Where the first record begins.
  static constexpr uint32_t kFirstRecord = 2048;
  // Longer keys are never found; labgpu writes none.
  static constexpr size_t kMaxKey = 64;

  // Never waits: a path that is not a regular file is EBADMSG.
  [[nodiscard]] int open(const char* path);

  // The first record with this key.
  [[nodiscard]] int find(std::string_view key, CdbRecord& out) const;

  // The record that begins at `offset`; ENOENT behind the last. A walk over all records starts with
  // kFirstRecord and goes on with end().
  [[nodiscard]] int record_at(uint32_t offset, CdbRecord& out) const;

  // Fills all of `out` from the file.
  [[nodiscard]] int read(uint32_t offset, std::span<char> out) const;

 private:
  static constexpr uint32_t kPairSize = 8;
  struct Pair {
    uint32_t first = 0;
    uint32_t second = 0;
  };
  static Pair load_pair(const char* bytes);
  [[nodiscard]] int read_record(uint32_t offset, std::span<char> head, CdbRecord& out) const;
  [[nodiscard]] int match(uint32_t offset, std::string_view key, CdbRecord& out) const;

  UniqueFd file_;
  uint32_t size_ = 0;
  uint32_t records_end_ = 0;
  char header_[kFirstRecord] = {};
};

}  // namespace labgpu
