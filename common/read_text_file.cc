// Opening without waiting, and reading to the end.
#include "common/read_text_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/unique_fd.h"

namespace labgpu {

int read_text_file(const char* path, std::span<char> buffer, std::string_view& out) {
  // O_NONBLOCK: the open of a FIFO would wait for a writer.
  UniqueFd file(open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!file.valid()) return errno;
  struct stat status {};
  if (fstat(file.get(), &status) != 0) return errno;
  if (!S_ISREG(status.st_mode)) return EINVAL;

  size_t used = 0;
  for (;;) {
    // A full buffer and end of file look the same only when the file just fits, which counts as
    // not.
    if (used == buffer.size()) return EFBIG;
    ssize_t size = read(file.get(), buffer.data() + used, buffer.size() - used);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return errno;
    if (size == 0) break;
    used += static_cast<size_t>(size);
  }
  out = std::string_view(buffer.data(), used);
  return 0;
}

}  // namespace labgpu
