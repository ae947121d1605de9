// Asks the helper for a connection to the container's init.
#include "session/attach.h"

#include "session/ending.h"
#include "session/helper_request.h"

namespace labgpu {

int attach_to_container(ProgressLine* line, std::span<unsigned char> buffer, UniqueFd& out) {
  UniqueFd helper;
  Attach attach{.wants_progress = static_cast<uint8_t>(line != nullptr ? 1 : 0)};
  int status = ask_helper(attach, buffer, helper);
  if (status != 0) return status;

  for (;;) {
    Packet packet;
    int error = receive_raw(helper.get(), buffer, packet, Deadline::after_ms(kSilenceMs));
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
    out = static_cast<UniqueFd&&>(packet.fds[0]);
    return 0;
  }
}

}  // namespace labgpu
