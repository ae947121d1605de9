// Lines on the container's stderr, without ever waiting for a reader.
#include "init/log.h"

#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include "common/text_buffer.h"

namespace labgpu {

void log_line(std::string_view sentence) {
  // poll(2) calls a pipe writable when PIPE_BUF bytes can be written without waiting (pipe(7)).
  TextBuffer<PIPE_BUF> line;
  line.add("labgpu-init: ").add(sentence).add("\n");
  pollfd target{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
  if (poll(&target, 1, 0) == 1 && (target.revents & POLLOUT) != 0) {
    [[maybe_unused]] ssize_t written = write(STDERR_FILENO, line.c_str(), line.view().size());
  }
}

}  // namespace labgpu
