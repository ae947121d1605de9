// Writes a tar file, as Docker takes it: files, directories and symbolic links, all root's.
//
// GNU's format (tar(5)), whose long names have no limit. A library for archives would bring seven
// others into the helper, for three kinds of headers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "helper/error.h"

namespace labgpu {

class TarWriter {
 public:
  // Writes to `fd`, which is borrowed. No more than `limit` bytes of headers and contents: then the
  // error is kInvalid, a predicate of a sentence about the entry.
  TarWriter(int fd, uint64_t limit) : fd_(fd), limit_(limit) {}

  // What `mode` has beside the permissions is passed over. `seconds`: since 1970, when it was
  // changed; Docker goes by the contents, not by the time, to know whether a file has changed.
  Result<void> add_directory(const std::string& name, uint32_t mode, int64_t seconds);
  Result<void> add_link(const std::string& name, const std::string& target, int64_t seconds);
  Result<void> add_text(const std::string& name, std::string_view text);
  // The first `size` bytes of the file; kInvalid when there are fewer.
  Result<void> add_file(const std::string& name, uint32_t mode, int64_t seconds, int file,
                        uint64_t size);
  Result<void> finish();

  // So far.
  [[nodiscard]] uint64_t size() const { return size_; }

 private:
  struct Entry;
  [[nodiscard]] Failed too_large() const;
  Result<void> write(std::string_view bytes);
  Result<void> write_header(const Entry& entry);
  Result<void> write_long(char type, const std::string& text);
  Result<void> write_entry(const Entry& entry);
  Result<void> pad();

  int fd_;
  uint64_t limit_;
  uint64_t size_ = 0;
};

}  // namespace labgpu
