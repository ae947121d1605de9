// Asks the helper for a connection to the container's init.
#include "session/attach.h"

#include <errno.h>
#include <string.h>

#include "common/packet_socket.h"
#include "common/paths.h"
#include "session/ending.h"

namespace labgpu {

namespace {

// A helper that runs answers Hello at once; systemd may have to start it first.
constexpr uint32_t kHelloMs = 10000;
// Between two packets: the helper bounds its own waiting, and says something while it works.
constexpr uint32_t kSilenceMs = 30000;

int no_answer(int error) {
  tell_user("the server's labgpu service does not answer; tell the administrator",
            strerrordesc_np(error));
  return kTryLater;
}

int refused(const Failure& failure) {
  tell_user(failure.sentence);
  return status_of_failure(failure.code);
}

int ask(bool show_progress, UniqueFd& helper) {
  Deadline deadline = Deadline::after_ms(kHelloMs);
  int error = connect_packet_socket(kSessionSocket, deadline, helper);
  if (error == 0) error = send_message(helper.get(), Hello{}, deadline);
  if (error == 0) {
    Attach attach{.wants_progress = static_cast<uint8_t>(show_progress ? 1 : 0)};
    error = send_message(helper.get(), attach, deadline);
  }
  return error;
}

}  // namespace

int attach_to_container(ProgressLine* line, std::span<unsigned char> buffer, UniqueFd& out) {
  UniqueFd helper;
  Packet packet;
  Failure failure;
  Hello hello;
  int error = ask(line != nullptr, helper);
  // A helper that refuses the connection at once has said so before it hung up.
  if (error != 0 && !(error == ECONNRESET && helper.valid())) return no_answer(error);
  error =
      receive_message(helper.get(), buffer, packet, hello, failure, Deadline::after_ms(kHelloMs));
  if (error == EREMOTEIO) return refused(failure);
  if (error != 0) return no_answer(error);

  for (;;) {
    error = receive_raw(helper.get(), buffer, packet, Deadline::after_ms(kSilenceMs));
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
    if (error != 0) return no_answer(error);
    if (packet.type == MessageType::kFailure && parse_packet(packet, failure) == 0) {
      return refused(failure);
    }
    Attached attached;
    error = parse_packet(packet, attached);
    if (error != 0) return no_answer(error);
    out = static_cast<UniqueFd&&>(packet.fds[0]);
    return 0;
  }
}

}  // namespace labgpu
