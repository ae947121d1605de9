// The profile script, with the PATH quoted for any POSIX shell.
#include "init/profile.h"

namespace labgpu {

bool make_profile_script(std::string_view path, ProfileScript& out) {
  out.clear();
  out.add(
      "# Written by labgpu-init at every start: /etc/profile replaces the PATH of the image.\n");
  out.add("PATH='");
  for (const char& c : path) {
    // Nothing is special inside single quotes but the single quote itself.
    out.add(c == '\'' ? std::string_view("'\\''") : std::string_view(&c, 1));
  }
  out.add("'\nexport PATH\n");
  return out.ok();
}

}  // namespace labgpu
