// Bounded look-ups and walks in a cdb file.
#include "common/cdb_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

namespace labgpu {

namespace {

constexpr uint32_t kPairSize = 8;
constexpr uint32_t kTables = 256;

uint32_t hash_of(std::string_view key) {
  uint32_t hash = 5381;
  for (char c : key) hash = (hash * 33) ^ static_cast<unsigned char>(c);
  return hash;
}

uint32_t load_u32(const char* bytes) {
  uint32_t value = 0;
  for (int i = 3; i >= 0; --i) value = (value << 8) | static_cast<unsigned char>(bytes[i]);
  return value;
}

}  // namespace

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
  // The tables follow the records, the first one at once: its position is the records' end.
  Pair first_table;
  int error = read_pair(0, first_table);
  if (error != 0) return error;
  if (first_table.first < kFirstRecord || first_table.first > size_) return EBADMSG;
  records_end_ = first_table.first;
  return 0;
}

int CdbReader::find(std::string_view key, CdbRecord& out) const {
  if (key.size() > kMaxKey) return ENOENT;
  uint32_t hash = hash_of(key);
  Pair table;
  int error = read_pair(uint64_t{hash % kTables} * kPairSize, table);
  if (error != 0) return error;
  auto [table_at, slots] = table;
  if (slots == 0) return ENOENT;
  if (table_at < records_end_ || table_at > size_ || slots > (size_ - table_at) / kPairSize) {
    return EBADMSG;
  }
  uint32_t slot = (hash / kTables) % slots;
  for (uint32_t probed = 0; probed < slots; ++probed) {
    Pair entry;
    error = read_pair(table_at + uint64_t{slot} * kPairSize, entry);
    if (error != 0) return error;
    auto [entry_hash, record_offset] = entry;
    if (record_offset == 0) return ENOENT;
    if (entry_hash == hash) {
      error = match(record_offset, key, out);
      if (error != ENOENT) return error;
    }
    slot = slot + 1 == slots ? 0 : slot + 1;
  }
  return ENOENT;
}

int CdbReader::record_at(uint32_t offset, CdbRecord& out) const {
  if (offset == records_end_) return ENOENT;
  if (offset < kFirstRecord || offset > records_end_) return EBADMSG;
  uint32_t room = records_end_ - offset;
  if (room < kPairSize) return EBADMSG;
  Pair sizes;
  int error = read_pair(offset, sizes);
  if (error != 0) return error;
  auto [key_size, value_size] = sizes;
  room -= kPairSize;
  if (key_size > room || value_size > room - key_size) return EBADMSG;
  out.key_at = offset + kPairSize;
  out.key_size = key_size;
  out.value_at = out.key_at + key_size;
  out.value_size = value_size;
  return 0;
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

int CdbReader::read_pair(uint64_t offset, Pair& out) const {
  if (offset > size_ - kPairSize) return EBADMSG;
  char bytes[kPairSize];
  int error = read(static_cast<uint32_t>(offset), bytes);
  if (error != 0) return error;
  out.first = load_u32(bytes);
  out.second = load_u32(bytes + 4);
  return 0;
}

// ENOENT when the record at `offset` has another key.
int CdbReader::match(uint32_t offset, std::string_view key, CdbRecord& out) const {
  CdbRecord record;
  int error = record_at(offset, record);
  if (error != 0) return EBADMSG;
  if (record.key_size != key.size()) return ENOENT;
  char bytes[kMaxKey];
  error = read(record.key_at, std::span<char>(bytes, key.size()));
  if (error != 0) return error;
  if (memcmp(bytes, key.data(), key.size()) != 0) return ENOENT;
  out = record;
  return 0;
}

}  // namespace labgpu
