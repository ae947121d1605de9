// Headers and contents in blocks of 512 bytes.
#include "helper/tar_writer.h"

#include <errno.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>

namespace labgpu {

namespace {

constexpr size_t kBlock = 512;
constexpr size_t kLongestName = 100;
constexpr char kFile = '0';
constexpr char kLink = '2';
constexpr char kDirectory = '5';
constexpr char kLongTarget = 'K';
constexpr char kLongName = 'L';

// tar(5), "struct header_gnu_tar". The unused end stays zero.
struct Header {
  char name[100];
  char mode[8];
  char uid[8];
  char gid[8];
  char size[12];
  char mtime[12];
  char checksum[8];
  char type;
  char target[100];
  char magic[8];  // with the version
  char rest[247];
};
static_assert(sizeof(Header) == kBlock);

template <size_t kSize>
void put_octal(char (&field)[kSize], uint64_t value) {
  // With room for the NUL: 8 GiB in the longest, and what is larger is never written.
  std::snprintf(field, kSize, "%0*llo", static_cast<int>(kSize - 1),
                static_cast<unsigned long long>(value));
}

template <size_t kSize>
void put_text(char (&field)[kSize], std::string_view text) {
  std::memcpy(field, text.data(), std::min(text.size(), kSize));
}

// The sum of all bytes, with spaces in place of the sum.
void put_checksum(Header& header) {
  std::memset(header.checksum, ' ', sizeof header.checksum);
  std::array<unsigned char, kBlock> bytes{};
  std::memcpy(bytes.data(), &header, kBlock);
  uint32_t sum = 0;
  for (unsigned char byte : bytes) sum += byte;
  std::snprintf(header.checksum, sizeof header.checksum - 1, "%06o", sum);
}

}  // namespace

struct TarWriter::Entry {
  char type = kFile;
  std::string name;
  std::string target;
  uint32_t mode = 0644;
  int64_t seconds = 0;
  uint64_t size = 0;
};

Failed TarWriter::too_large() const {
  return fail(ErrorCode::kInvalid,
              "is too large: all files together may have " + std::to_string(limit_ >> 20) + " MiB");
}

Result<void> TarWriter::write(std::string_view bytes) {
  size_ += bytes.size();
  if (size_ > limit_) return too_large();
  while (!bytes.empty()) {
    ssize_t written = ::write(fd_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail_errno("write the files for Docker", errno);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

Result<void> TarWriter::pad() {
  static constexpr std::array<char, kBlock> kZeros{};
  size_t over = size_ % kBlock;
  return over == 0 ? Result<void>() : write({kZeros.data(), kBlock - over});
}

Result<void> TarWriter::write_header(const Entry& entry) {
  Header header{};
  put_text(header.name, entry.name);
  put_text(header.target, entry.target);
  put_octal(header.mode, entry.mode & 07777);
  put_octal(header.uid, 0);
  put_octal(header.gid, 0);
  put_octal(header.size, entry.size);
  constexpr int64_t kLatest = (int64_t{1} << 33) - 1;
  put_octal(header.mtime, static_cast<uint64_t>(std::clamp<int64_t>(entry.seconds, 0, kLatest)));
  header.type = entry.type;
  put_text(header.magic, "ustar  ");
  put_checksum(header);
  std::array<char, kBlock> bytes{};
  std::memcpy(bytes.data(), &header, kBlock);
  return write({bytes.data(), bytes.size()});
}

// The name of the entry that follows, which its header has no room for.
Result<void> TarWriter::write_long(char type, const std::string& text) {
  Entry entry{.type = type, .name = "././@LongLink", .target = {}, .size = text.size() + 1};
  auto done = write_header(entry);
  if (done) done = write({text.c_str(), text.size() + 1});
  return done ? pad() : done;
}

Result<void> TarWriter::write_entry(const Entry& entry) {
  Result<void> done;
  if (entry.target.size() > kLongestName) done = write_long(kLongTarget, entry.target);
  if (done && entry.name.size() > kLongestName) done = write_long(kLongName, entry.name);
  return done ? write_header(entry) : done;
}

Result<void> TarWriter::add_directory(const std::string& name, uint32_t mode, int64_t seconds) {
  return write_entry(
      {.type = kDirectory, .name = name + "/", .target = {}, .mode = mode, .seconds = seconds});
}

Result<void> TarWriter::add_link(const std::string& name, const std::string& target,
                                 int64_t seconds) {
  return write_entry(
      {.type = kLink, .name = name, .target = target, .mode = 0777, .seconds = seconds});
}

Result<void> TarWriter::add_text(const std::string& name, std::string_view text) {
  auto done = write_entry({.name = name, .target = {}, .size = text.size()});
  if (done) done = write(text);
  return done ? pad() : done;
}

Result<void> TarWriter::add_file(const std::string& name, uint32_t mode, int64_t seconds, int file,
                                 uint64_t size) {
  // Before anything of it is read.
  if (size > limit_) return too_large();
  auto done =
      write_entry({.name = name, .target = {}, .mode = mode, .seconds = seconds, .size = size});
  std::array<char, 65536> buffer{};
  while (done && size > 0) {
    ssize_t taken = read(file, buffer.data(), std::min<uint64_t>(buffer.size(), size));
    if (taken < 0 && errno == EINTR) continue;
    if (taken < 0) return fail_errno("read it", errno);
    if (taken == 0) return fail(ErrorCode::kInvalid, "became shorter while it was read");
    size -= static_cast<uint64_t>(taken);
    done = write({buffer.data(), static_cast<size_t>(taken)});
  }
  return done ? pad() : done;
}

// Two empty blocks.
Result<void> TarWriter::finish() {
  static constexpr std::array<char, 2 * kBlock> kEnd{};
  return write({kEnd.data(), kEnd.size()});
}

}  // namespace labgpu
