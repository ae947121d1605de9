// How the session command asks the helper for something: a connection of its own for each request.
#pragma once

#include <span>

#include "common/messages.h"
#include "common/packet_socket.h"
#include "common/paths.h"
#include "common/unique_fd.h"

namespace labgpu {

// A helper that runs answers Hello at once; systemd may have to start it first.
inline constexpr uint32_t kHelloMs = 10000;
// Between two packets: the helper bounds its own waiting, and says something while it works.
inline constexpr uint32_t kSilenceMs = 30000;

// Tells the user that the helper cannot be reached or makes no sense; returns the exit status.
[[nodiscard]] int tell_no_answer(int error);

// Waits for the helper's Hello. Returns 0, or the exit status after the user has been told why not.
[[nodiscard]] int take_hello(int helper, std::span<unsigned char> buffer);

// Connects, and sends Hello and `request`; an errno, as in common/packet_socket.h.
template <typename Request>
[[nodiscard]] int send_request(const Request& request, const Deadline& deadline, UniqueFd& helper) {
  int error = connect_packet_socket(kSessionSocket, deadline, helper);
  if (error == 0) error = send_message(helper.get(), Hello{}, deadline);
  if (error == 0) error = send_message(helper.get(), request, deadline);
  return error;
}

// The same with the helper's Hello, in the time that systemd needs to start it. Returns 0 when the
// helper takes them and its Hello is here, or the exit status for this process after the user has
// been told why not.
template <typename Request>
[[nodiscard]] int ask_helper(const Request& request, std::span<unsigned char> buffer,
                             UniqueFd& helper) {
  int error = send_request(request, Deadline::after_ms(kHelloMs), helper);
  // A helper that refuses the connection at once has said so before it hung up.
  if (error != 0 && !(error == ECONNRESET && helper.valid())) return tell_no_answer(error);
  return take_hello(helper.get(), buffer);
}

}  // namespace labgpu
