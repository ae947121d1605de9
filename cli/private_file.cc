// A new file that root alone may read.
#include "cli/private_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <utility>

namespace labgpu {

PrivateFile::PrivateFile(std::string path, UniqueFd fd)
    : path_(std::move(path)), fd_(std::move(fd)) {}

PrivateFile::PrivateFile(PrivateFile&& other) noexcept = default;

PrivateFile::~PrivateFile() {
  if (fd_.valid() && !is_whole_) unlink(path_.c_str());
}

Result<PrivateFile> PrivateFile::make(const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd.valid()) return fail_errno("cannot make the file " + path, errno);
  return PrivateFile(path, std::move(fd));
}

Result<void> PrivateFile::write(std::string_view text) {
  while (!text.empty()) {
    auto size = ::write(fd_.get(), text.data(), text.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) {
      return fail_errno("cannot write " + path_ + ", which is removed again", errno);
    }
    text.remove_prefix(static_cast<size_t>(size));
  }
  if (fsync(fd_.get()) != 0 && errno != EINVAL) {  // EINVAL: no file, but a pipe or the like
    return fail_errno("cannot write " + path_ + ", which is removed again", errno);
  }
  is_whole_ = true;
  return {};
}

}  // namespace labgpu
