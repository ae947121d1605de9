// Bounded look-ups and walks in a cdb file.
#include "common/cdb_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

namespace labgpu {

namespace {

constexpr uint32_t kTables = 256;
// Half of a table's slots are free, so a search seldom looks at more than these.
constexpr uint32_t kSlotsAtOnce = 8;

uint32_t load_u32(const char* bytes) {
  uint32_t value = 0;
  for (int i = 3; i >= 0; --i) value = (value << 8) | static_cast<unsigned char>(bytes[i]);
  return value;
}

uint32_t hash_of(std::string_view key) {
  uint32_t hash = 5381;
  for (char c : key) hash = (hash * 33) ^ static_cast<unsigned char>(c);
  return hash;
}

}  // namespace

CdbReader::Pair CdbReader::load_pair(const char* bytes) {
  return {load_u32(bytes), load_u32(bytes + 4)};
}

int CdbReader::open(const char* path) {
  // O_NONBLOCK: opening a FIFO that somebody left at this path must not hang a login.
  UniqueFd file(::open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!file.valid()) return errno;
  struct stat status {};
  if (fstat(file.get(), &status) != 0) return errno;
  if (!S_ISREG(status.st_mode) || status.st_size < kFirstRecord || status.st_size > UINT32_MAX) {
    return EBADMSG;
  }
  file_ = static_cast<UniqueFd&&>(file);
  size_ = static_cast<uint32_t>(status.st_size);
  int error = read(0, header_);
  if (error != 0) return error;
  // The tables follow the records, the first one at once: its position is the records' end.
  records_end_ = load_u32(header_);
  return records_end_ < kFirstRecord || records_end_ > size_ ? EBADMSG : 0;
}

int CdbReader::find(std::string_view key, CdbRecord& out) const {
  if (key.size() > kMaxKey) return ENOENT;
  uint32_t hash = hash_of(key);
  auto [table_at, slots] = load_pair(header_ + size_t{hash % kTables} * kPairSize);
  if (slots == 0) return ENOENT;
  if (table_at < records_end_ || table_at > size_ || slots > (size_ - table_at) / kPairSize) {
    return EBADMSG;
  }
  uint32_t slot = (hash / kTables) % slots;
  for (uint32_t probed = 0; probed < slots;) {
    char bytes[kSlotsAtOnce * kPairSize];
    uint32_t count = slots - slot < kSlotsAtOnce ? slots - slot : kSlotsAtOnce;
    int error =
        read(table_at + slot * kPairSize, std::span<char>(bytes, size_t{count} * kPairSize));
    if (error != 0) return error;
    for (uint32_t i = 0; i < count && probed < slots; ++i, ++probed) {
      auto [entry_hash, record_offset] = load_pair(bytes + size_t{i} * kPairSize);
      if (record_offset == 0) return ENOENT;
      if (entry_hash != hash) continue;
      error = match(record_offset, key, out);
      if (error != ENOENT) return error;
    }
    slot = slot + count == slots ? 0 : slot + count;
  }
  return ENOENT;
}

int CdbReader::record_at(uint32_t offset, CdbRecord& out) const {
  if (offset == records_end_) return ENOENT;
  char sizes[kPairSize];
  return read_record(offset, sizes, out);
}

int CdbReader::read(uint32_t offset, std::span<char> out) const {
  size_t done = 0;
  while (done < out.size()) {
    ssize_t got = pread(file_.get(), out.data() + done, out.size() - done,
                        static_cast<off_t>(offset + uint64_t{done}));
    if (got == 0) return EBADMSG;  // cut short since it was opened
    if (got > 0) {
      done += static_cast<size_t>(got);
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

// Reads what the record at `offset` begins with, sizes and then key, as far as `head` has room and
// the records go. The record lies inside the records, whole.
int CdbReader::read_record(uint32_t offset, std::span<char> head, CdbRecord& out) const {
  if (offset < kFirstRecord || offset > records_end_) return EBADMSG;
  uint32_t room = records_end_ - offset;
  if (room < kPairSize) return EBADMSG;
  int error = read(offset, head.first(head.size() < room ? head.size() : room));
  if (error != 0) return error;
  auto [key_size, value_size] = load_pair(head.data());
  room -= kPairSize;
  if (key_size > room || value_size > room - key_size) return EBADMSG;
  out.key_at = offset + kPairSize;
  out.key_size = key_size;
  out.value_at = out.key_at + key_size;
  out.value_size = value_size;
  return 0;
}

// ENOENT when the record at `offset` has another key.
int CdbReader::match(uint32_t offset, std::string_view key, CdbRecord& out) const {
  char head[kPairSize + kMaxKey];
  CdbRecord record;
  int error = read_record(offset, std::span<char>(head, kPairSize + key.size()), record);
  if (error != 0) return error;
  if (record.key_size != key.size()) return ENOENT;
  if (memcmp(head + kPairSize, key.data(), key.size()) != 0) return ENOENT;
  out = record;
  return 0;
}

}  // namespace labgpu
