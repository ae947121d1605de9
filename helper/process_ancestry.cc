// Parents, read from /proc.
#include "helper/process_ancestry.h"

#include <string>
#include <string_view>

#include "common/parse.h"
#include "helper/read_file.h"

namespace labgpu {

namespace {

// From the session command to sshd's monitor it is two steps; a user's own forced command may start
// the session command from a shell.
constexpr int kMostSteps = 6;

// The fourth field of /proc/PID/stat (proc(5)); the second, in parentheses, may have any character
// in it. 0 when there is no such process.
pid_t parent_of(pid_t process) {
  auto stat = read_file("/proc/" + std::to_string(process) + "/stat");
  if (!stat) return 0;
  std::string_view rest = *stat;
  size_t end_of_name = rest.rfind(')');
  constexpr std::string_view kState = ") S ";
  if (end_of_name == std::string_view::npos || rest.size() < end_of_name + kState.size()) return 0;
  rest.remove_prefix(end_of_name + kState.size());
  uint32_t parent = 0;
  if (!parse_u32(rest.substr(0, rest.find(' ')), parent)) return 0;
  return static_cast<pid_t>(parent);
}

}  // namespace

bool descends_from(pid_t process, pid_t ancestor) {
  for (int step = 0; step < kMostSteps && process > 1; ++step) {
    process = parent_of(process);
    if (process == ancestor) return process > 0;
  }
  return false;
}

}  // namespace labgpu
