// The helper's end of the session socket, played by the test.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <latch>
#include <list>
#include <mutex>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

#include "common/messages.h"
#include "common/unique_fd.h"

namespace labgpu::test {

// Listens on the session socket for as long as it lives and runs `behaviour` for every connection,
// in a thread of its own; the connection is closed when that returns. Only one at a time.
class FakeHelper {
 public:
  using Behaviour = std::function<void(int socket)>;
  explicit FakeHelper(Behaviour behaviour);
  FakeHelper(const FakeHelper&) = delete;
  FakeHelper& operator=(const FakeHelper&) = delete;
  ~FakeHelper();

  [[nodiscard]] int connections() const { return connections_; }
  // True as soon as there were so many connections, and all of them wait for their ends or have
  // ended; false when that takes too long.
  [[nodiscard]] bool has_served(int count) const;
  // True as soon as every connection so far has ended; waits for that until `limit` is over.
  [[nodiscard]] bool all_ended(std::chrono::milliseconds limit) const;

 private:
  void accept_all();
  void serve(int connection);

  Behaviour behaviour_;
  UniqueFd listener_;
  std::atomic<int> connections_ = 0;
  std::atomic<int> ended_ = 0;
  std::mutex mutex_;  // of the two below
  std::list<UniqueFd> open_;
  std::vector<std::thread> servers_;
  std::thread acceptor_;
  std::binary_semaphore started_{0};  // released by a new thread, acquired by who made it
  std::latch over_{1};                // no thread ends before this object does
};

// fork(2) while no thread of a FakeHelper allocates. Under GCC 12's AddressSanitizer the child
// would wait for ever for a lock of the allocator's that such a thread held (seen).
pid_t quiet_fork();

// A request as the helper saw it.
struct SeenRequest {
  MessageType type{};
  std::string user;
  std::string remote_host;
  uint32_t wait_ms = 0;
  std::string host;  // "ORIGIN UID:GID GROUP HOME REAL-NAME"
};

// A request about a password, and all that was in it.
struct SeenPassword {
  MessageType type{};
  std::string user;
  bool by_root = false;
  std::string old_password;
  std::string new_password;
};

// Behaviours.
void wait_for_end(int socket);  // says nothing until the peer hangs up
void hang_up(int socket);       // reads nothing
FakeHelper::Behaviour give_verdict(bool allowed, std::string sentence = "",
                                   SeenRequest* seen = nullptr, bool change_password = false);
// Answers `check` to the check of the old password and `change` to the new one; 0 is well done. A
// failure's sentence is "no: " and its code.
FakeHelper::Behaviour take_passwords(std::vector<SeenPassword>& seen, int check = 0,
                                     int change = 0);
// Answers ready = 1 when there are descriptors, then waits for the session's end.
FakeHelper::Behaviour give_session(std::vector<int> fds, SeenRequest* seen = nullptr);
FakeHelper::Behaviour give_failure(FailureCode code, std::string sentence);
// Sends the packets, as they are, the last one with the descriptors; then waits for the end.
FakeHelper::Behaviour send_packets(std::vector<std::string> packets, std::vector<int> fds = {});

// A packet of `message`, as send_packets takes it.
template <typename Message>
std::string packet_of(const Message& message) {
  unsigned char buffer[kSmallPacket];
  FieldWriter writer(buffer);
  writer.u16(static_cast<uint16_t>(Message::kType));
  Message::visit(message, writer);
  return {reinterpret_cast<const char*>(buffer), writer.written().size()};
}

}  // namespace labgpu::test
