// Hands this process over to labgpu-self.
#include "session/self_service.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/parse.h"
#include "common/paths.h"
#include "session/ending.h"
#include "session/helper_request.h"
#include "session/own_command.h"

namespace labgpu {

namespace {

constexpr size_t kMostVariables = 16;
constexpr size_t kLongestValue = 64;

// "en_US.UTF-8@euro", "xterm-256color": nothing that could name a file elsewhere.
bool is_plain(std::string_view value) {
  constexpr std::string_view kPlain = "._@+-";
  if (value.empty() || value.size() > kLongestValue) return false;
  for (char c : value) {
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!letter && kPlain.find(c) == std::string_view::npos) return false;
  }
  return true;
}

// Returns 0 and the connection, or an exit status.
int connect_as_owner(std::span<unsigned char> buffer, UniqueFd& out) {
  UniqueFd helper;
  int status = ask_helper(Manage{}, buffer, helper);
  if (status != 0) return status;
  Packet packet;
  Failure failure;
  Managed managed;
  int error = receive_message(helper.get(), buffer, packet, managed, failure,
                              Deadline::after_ms(kSilenceMs));
  if (error == EREMOTEIO) return tell_failure(failure);
  if (error != 0) return tell_no_answer(error);
  out = static_cast<UniqueFd&&>(packet.fds[0]);
  return 0;
}

// Puts it where labgpu-self looks for it; no other descriptor but 0 to 2 is left to that.
bool put_in_place(int connection) {
  constexpr int kPlace = Managed::kDescriptor;
  // dup2(2) leaves a descriptor that is there already close-on-exec.
  bool there =
      connection == kPlace ? fcntl(kPlace, F_SETFD, 0) == 0 : dup2(connection, kPlace) == kPlace;
  return there && syscall(SYS_close_range, kPlace + 1, ~0U, 0) == 0;
}

}  // namespace

bool passes_to_self(std::string_view assignment) {
  size_t equals = assignment.find('=');
  if (equals == std::string_view::npos) return false;
  std::string_view name(assignment.data(), equals);
  if (name != "TERM" && name != "LANG" && !has_prefix(name, "LC_")) return false;
  assignment.remove_prefix(equals + 1);
  return is_plain(name) && is_plain(assignment);
}

int run_own_command(std::string_view command, std::span<unsigned char> buffer) {
  CommandWords words;
  if (const char* problem = words.split(command)) {
    tell_user(problem);
    return kUsage;
  }
  UniqueFd connection;
  int status = connect_as_owner(buffer, connection);
  if (status != 0) return status;

  const char* environment[kMostVariables + 1] = {};
  size_t count = 0;
  for (char** variable = environ; *variable != nullptr && count < kMostVariables; ++variable) {
    if (passes_to_self(*variable)) environment[count++] = *variable;
  }
  words.set_program(kSelfCommand);
  if (put_in_place(connection.get())) {
    execve(kSelfCommand, const_cast<char* const*>(words.words()),
           const_cast<char* const*>(environment));
  }
  tell_user("cannot run labgpu-self; tell the administrator", strerror(errno));
  return kRefused;
}

}  // namespace labgpu
