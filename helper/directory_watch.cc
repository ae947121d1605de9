// inotify(7) on one directory.
#include "helper/directory_watch.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <utility>

#include "helper/log.h"

namespace labgpu {

namespace {

constexpr auto kQuiet = std::chrono::milliseconds(200);
constexpr auto kUntilNextTry = std::chrono::seconds(1);

// Not IN_MODIFY: whoever writes to a file in place closes it in the end. IN_ATTRIB is for a
// timestamp that was set.
constexpr uint32_t kFiles = IN_CLOSE_WRITE | IN_ATTRIB | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE;
constexpr uint32_t kDirectoryIsGone = IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT;

}  // namespace

DirectoryWatch::DirectoryWatch(EventLoop& loop, std::string directory, Changed changed)
    : loop_(loop), directory_(std::move(directory)), changed_(std::move(changed)) {}

Result<void> DirectoryWatch::start() {
  readable_.reset();
  inotify_ = UniqueFd(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!inotify_.valid()) return fail_errno("watch " + directory_ + " for changes", errno);
  int watch = inotify_add_watch(inotify_.get(), directory_.c_str(),
                                kFiles | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR);
  if (watch < 0) return fail_errno("watch " + directory_ + " for changes", errno);
  readable_ = loop_.watch(inotify_.get(), EPOLLIN, [this](uint32_t) { read_events(); });
  return {};
}

void DirectoryWatch::read_events() {
  alignas(inotify_event) char buffer[1 << 14];
  ssize_t size = read(inotify_.get(), buffer, sizeof buffer);
  for (ssize_t at = 0; at < size;) {
    const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
    note(event->mask, event->len > 0 ? event->name : "");
    at += static_cast<ssize_t>(sizeof *event + event->len);
  }
}

void DirectoryWatch::note(uint32_t what, const std::string& name) {
  if ((what & kDirectoryIsGone) != 0) {
    if (absent_) return;
    log(LogLevel::kWarning, directory_ +
                                " was taken away; what is in it counts again when it is "
                                "back");
    absent_ = loop_.after(kUntilNextTry, [this] { return_to_directory(); });
    return;
  }
  if ((what & IN_Q_OVERFLOW) != 0) {
    all_ = true;
  } else if (name.empty() || name.starts_with('.')) {
    return;
  } else {
    names_.insert(name);
  }
  quiet_ = loop_.after(kQuiet, [this] { tell(); });
}

void DirectoryWatch::tell() {
  // While the directory is away its files were not removed one by one.
  if (absent_) return;
  auto names = std::exchange(names_, {});
  changed_(names, std::exchange(all_, false));
}

void DirectoryWatch::return_to_directory() {
  if (!start()) {
    absent_ = loop_.after(kUntilNextTry, [this] { return_to_directory(); });
    return;
  }
  absent_.reset();
  all_ = true;
  quiet_ = loop_.after(kQuiet, [this] { tell(); });  // perhaps it is just being filled
}

}  // namespace labgpu
