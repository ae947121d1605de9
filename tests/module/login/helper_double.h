// Stands in for labgpud on the session socket: attaches session commands to a container's init.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <thread>

#include "common/messages.h"
#include "common/unique_fd.h"
#include "tests/module/login/container.h"

namespace labgpu::login_test {

// Listens from its making to its end; each connection is answered on one thread, in turn.
class HelperDouble {
 public:
  // Answers one session command; gets the connection after Hello and Attach were read from it.
  using Answer = std::function<void(int peer, const Attach& attach)>;

  explicit HelperDouble(Answer answer);
  // The usual answer: attach to `container`'s init as `identity`.
  explicit HelperDouble(const Container& container, Identity identity = alice());
  ~HelperDouble();
  HelperDouble(const HelperDouble&) = delete;
  HelperDouble& operator=(const HelperDouble&) = delete;

  // What those hear who ask for a greeting, after their Hello and Greet were read; by default they
  // are hung up on. To be set before a session begins.
  std::function<void(int peer, const Greet& greet)> on_greet = [](int, const Greet&) {};

  // Sends Attached with `init`, for answers that tests write.
  static void attach(int peer, UniqueFd init);

 private:
  void serve();
  void serve_one(int peer);

  Answer answer_;
  UniqueFd listener_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace labgpu::login_test
