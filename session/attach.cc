// Asks the helper for a connection to the container's init.
#include "session/attach.h"

#include <errno.h>
#include <poll.h>

#include "session/ending.h"
#include "session/helper_request.h"

namespace labgpu {

namespace {

// Waits until one of them has something to say, the one that is there (poll(2): a negative number
// is passed over). Init goes first, and its word is left unread.
int wait_for_word(int helper, int init, bool& init_spoke) {
  pollfd waited[] = {{.fd = helper, .events = POLLIN, .revents = 0},
                     {.fd = init, .events = POLLIN, .revents = 0}};
  if (poll(waited, 2, kSilenceMs) <= 0) return ETIMEDOUT;
  init_spoke = waited[1].revents != 0;
  return 0;
}

// Until init is there and has spoken, or the helper has said why it is or does not.
int wait_for_init(UniqueFd& helper, ProgressLine* line, std::span<unsigned char> buffer,
                  UniqueFd& init) {
  for (;;) {
    Packet packet;
    bool init_spoke = false;
    int error = wait_for_word(helper.get(), init.get(), init_spoke);
    if (init_spoke) return 0;
    if (error == 0) {
      error = receive_raw(helper.get(), buffer, packet, Deadline::after_ms(kSilenceMs));
      // A helper that ends now has done its part.
      if (error != 0 && init.valid()) {
        helper.reset();
        continue;
      }
    }
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
    if (error != 0 && init.valid()) return tell_lost("the container does not answer", error);
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
}

}  // namespace

int attach_to_container(ProgressLine* line, std::span<unsigned char> buffer, UniqueFd& out) {
  UniqueFd helper;
  Attach attach{.wants_progress = static_cast<uint8_t>(line != nullptr ? 1 : 0)};
  int status = ask_helper(attach, buffer, helper);
  if (status == 0) status = wait_for_init(helper, line, buffer, out);
  if (line != nullptr) line->clear();
  return status;
}

}  // namespace labgpu
