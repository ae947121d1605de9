// Asks the helper for a connection to the container's init.
#include "session/attach.h"

#include <poll.h>

#include "session/ending.h"
#include "session/helper_request.h"

namespace labgpu {

namespace {

// Waits until one of them has something to say; init goes first, and its word is left unread.
// False also when neither has for long: whoever starts the command then waits for init alone.
bool helper_is_next(int helper, int init) {
  pollfd waited[] = {{.fd = helper, .events = POLLIN, .revents = 0},
                     {.fd = init, .events = POLLIN, .revents = 0}};
  return poll(waited, 2, kSilenceMs) > 0 && waited[1].revents == 0;
}

// Until init is there and has spoken, or the helper has said why it is or does not.
int wait_for_init(int helper, ProgressLine* line, std::span<unsigned char> buffer, UniqueFd& init) {
  while (!init.valid() || helper_is_next(helper, init.get())) {
    Packet packet;
    int error = receive_raw(helper, buffer, packet, Deadline::after_ms(kSilenceMs));
    // A helper that ends now has done its part.
    if (error != 0 && init.valid()) return 0;
    Progress progress;
    if (error == 0 && packet.type == MessageType::kProgress) {
      error = parse_packet(packet, progress);
      if (error == 0 && line != nullptr) line->show(progress);
      if (error == 0) continue;
    }
    if (line != nullptr) line->clear();
    Notice notice;
    if (error == 0 && packet.type == MessageType::kNotice) {
      error = parse_packet(packet, notice);
      if (error == 0 && line != nullptr) tell_user(notice.sentence);
      if (error == 0) continue;
    }
    if (error != 0) return tell_no_answer(error);
    Failure failure;
    if (packet.type == MessageType::kFailure && parse_packet(packet, failure) == 0) {
      return tell_failure(failure);
    }
    Attached attached;
    error = parse_packet(packet, attached);
    if (error != 0) return tell_no_answer(error);
    init = static_cast<UniqueFd&&>(packet.fds[0]);
  }
  return 0;
}

}  // namespace

int attach_to_container(ProgressLine* line, std::span<unsigned char> buffer, UniqueFd& out) {
  UniqueFd helper;
  Attach attach{.wants_progress = static_cast<uint8_t>(line != nullptr ? 1 : 0)};
  int status = ask_helper(attach, buffer, helper);
  if (status == 0) status = wait_for_init(helper.get(), line, buffer, out);
  if (line != nullptr) line->clear();
  return status;
}

}  // namespace labgpu
