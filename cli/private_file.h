// A new file that root alone may read, for what must not lie about: passwords and their hashes.
#pragma once

#include <string>
#include <string_view>

#include "cli/result.h"
#include "common/unique_fd.h"

namespace labgpu {

// Goes again unless it was written whole.
class PrivateFile {
 public:
  // Fails when there is a file of that name.
  static Result<PrivateFile> make(const std::string& path);
  PrivateFile(PrivateFile&& other) noexcept;
  PrivateFile& operator=(PrivateFile&&) = delete;
  PrivateFile(const PrivateFile&) = delete;
  PrivateFile& operator=(const PrivateFile&) = delete;
  ~PrivateFile();

  // All of it, on the disk when this returns.
  Result<void> write(std::string_view text);
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  PrivateFile(std::string path, UniqueFd fd);

  std::string path_;
  UniqueFd fd_;
  bool is_whole_ = false;
};

}  // namespace labgpu
