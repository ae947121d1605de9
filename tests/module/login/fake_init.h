// A container whose init was replaced: it says and sends whatever a test wants.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/messages.h"
#include "common/unique_fd.h"
#include "tests/module/login/helper_double.h"

namespace labgpu::login_test {

// Plays `script` on its end of each connection that a session command gets. Then it hangs up, or
// says nothing more for as long as this object lives.
class FakeInit {
 public:
  enum class Then { kHangsUp, kIsSilent };
  explicit FakeInit(std::function<void(int session)> script, Then then = Then::kHangsUp);

 private:
  std::vector<UniqueFd> kept_;
  HelperDouble helper_;  // its thread fills the above
};

// The usual beginning, up to the session command's Start.
void say_hello_and_take_start(int session);
void say_started(int session);
void say_exited(int session, Exited exited);

// One packet of any bytes and any descriptors; false when it could not be sent.
bool send_packet(int session, const std::string& bytes, const std::vector<int>& fds = {});
// Started with a terminal's master side, which need not be one.
void send_master(int session, int master);

// A terminal like one of a container; `slave` is open.
struct Pty {
  Pty();
  UniqueFd master;
  UniqueFd slave;
};

}  // namespace labgpu::login_test
