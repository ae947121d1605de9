// How the session command asks the helper for something.
#include "session/helper_request.h"

#include <string.h>

#include "session/ending.h"

namespace labgpu {

int tell_no_answer(int error) {
  tell_user("the server's labgpu service does not answer; tell the administrator", strerror(error));
  return kTryLater;
}

int take_hello(int helper, std::span<unsigned char> buffer) {
  Packet packet;
  Failure failure;
  Hello hello;
  int error = receive_message(helper, buffer, packet, hello, failure, Deadline::after_ms(kHelloMs));
  if (error == EREMOTEIO) return tell_failure(failure);
  return error == 0 ? 0 : tell_no_answer(error);
}

}  // namespace labgpu
