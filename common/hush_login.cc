// Whether a person wants to be left alone at a login.
#include "common/hush_login.h"

#include <limits.h>
#include <sys/stat.h>

#include "common/text_buffer.h"

namespace labgpu {

bool wants_quiet_login(const char* home) {
  if (home == nullptr) return false;
  TextBuffer<PATH_MAX> path;
  path.add(home).add("/.hushlogin");
  struct stat status {};
  return path.ok() && lstat(path.c_str(), &status) == 0;
}

}  // namespace labgpu
