// One descriptor and one timer: whichever comes first.
#include "helper/readable.h"

#include <sys/epoll.h>

namespace labgpu {

Task<bool> wait_readable(EventLoop& loop, int fd, std::chrono::milliseconds patience) {
  Shared<bool> outcome;
  auto tell = [&outcome](bool readable) {
    if (!outcome.is_set()) outcome.set(readable);
  };
  auto timer = loop.after(patience, [&tell] { tell(false); });
  auto watch = loop.watch(fd, EPOLLIN, [&tell](uint32_t) { tell(true); });
  bool readable = co_await outcome;
  co_return readable;
}

}  // namespace labgpu
