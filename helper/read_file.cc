// Reading a small file whole.
#include "helper/read_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/unique_fd.h"

namespace labgpu {

Result<std::string> read_file(const std::string& path) {
  constexpr size_t kLargest = 1 << 20;
  constexpr size_t kStep = 1 << 14;
  UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!file.valid()) {
    int error = errno;
    if (error == ENOENT) return fail(ErrorCode::kNotFound, path + ": there is no such file");
    return fail_errno("open " + path, error);
  }
  std::string content;
  for (;;) {
    size_t before = content.size();
    content.resize(before + kStep);
    ssize_t got = read(file.get(), content.data() + before, kStep);
    if (got < 0 && errno != EINTR) return fail_errno("read " + path, errno);
    content.resize(before + static_cast<size_t>(got > 0 ? got : 0));
    if (got == 0) return content;
    if (content.size() > kLargest) return fail(ErrorCode::kInvalid, path + " is too large");
  }
}

}  // namespace labgpu
