// Message files, copied to standard output.
#include "init/greeting.h"

#include <unistd.h>

#include "common/hush_login.h"
#include "common/read_text_file.h"

namespace labgpu {

namespace {

constexpr const char* kMessages[] = {"/run/motd.dynamic", "/etc/motd"};

// Plenty for a message of the day.
constexpr size_t kMaxMessage = size_t{64} * 1024;

}  // namespace

void show_greeting(const char* home) {
  if (wants_quiet_login(home)) return;
  static char file[kMaxMessage];
  for (const char* name : kMessages) {
    std::string_view text;
    if (read_text_file(name, file, text) != 0) continue;
    while (!text.empty()) {
      ssize_t written = write(STDOUT_FILENO, text.data(), text.size());
      if (written <= 0) return;
      text.remove_prefix(static_cast<size_t>(written));
    }
  }
}

}  // namespace labgpu
