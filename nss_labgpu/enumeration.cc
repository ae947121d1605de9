// One step of a walk, and the lock that nobody waits for.
#include "nss_labgpu/enumeration.h"

#include <errno.h>
#include <unistd.h>

namespace labgpu {

namespace {

// Reads the key of `record` when it is one that a walk answers, "=NAME"; ENOENT for any other.
int read_name_key(const CdbReader& reader, const CdbRecord& record, IndexKey& key) {
  char text[1 + kMaxUserName];
  if (record.key_size < 2 || record.key_size > sizeof text) return ENOENT;
  int error = reader.read(record.key_at, std::span<char>(text, record.key_size));
  if (error != 0) return error;
  std::string_view name(text + 1, record.key_size - 1);
  if (text[0] != IndexKey::kByName || !is_user_name(name)) return ENOENT;
  key = IndexKey::of_name(name);
  return 0;
}

}  // namespace

bool Enumeration::acquire() {
  pid_t self = getpid();
  pid_t holder = 0;
  if (holder_.compare_exchange_strong(holder, self, std::memory_order_acquire)) return true;
  if (holder == self) return false;
  // The thread that held it stayed behind in the parent process, maybe while it wrote last_.
  if (!holder_.compare_exchange_strong(holder, self, std::memory_order_acquire)) return false;
  last_ = {};
  return true;
}

int Enumeration::rewind() {
  if (!acquire()) return EAGAIN;
  last_ = {};
  release();
  return 0;
}

int Enumeration::read_next(std::span<char> buffer, Entry& entry) const {
  CdbReader reader;
  int error = reader.open(index_);
  if (error != 0) return error;
  CdbRecord record;
  uint32_t offset = CdbReader::kFirstRecord;
  if (!last_.text().empty()) {
    error = reader.find(last_.text(), record);
    if (error != 0) return error;
    offset = record.end();
  }
  for (;; offset = record.end()) {
    error = reader.record_at(offset, record);
    if (error != 0) return error;
    error = read_name_key(reader, record, entry.key);
    if (error == 0) break;
    if (error != ENOENT) return error;
  }
  // In a damaged index the name might lead to an earlier record, and the walk in circles.
  CdbRecord found;
  error = reader.find(entry.key.text(), found);
  if (error != 0 || found.key_at != record.key_at) return EBADMSG;
  return read_line(reader, record, buffer, entry.line);
}

}  // namespace labgpu
