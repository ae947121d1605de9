// Peers of the session socket that take what they can get: each loses its own connection, and root
// gets in.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <memory>
#include <vector>

#include "tests/unit/helper_servers/logged_lines.h"
#include "tests/unit/helper_servers/session_fixture.h"

namespace labgpu::test {
namespace {

class SessionPeersTest : public SessionFixture {
 protected:
  SessionPeersTest() { accounts_.add("alice"); }
  bool root_is_answered() {
    auto pam = greeted();
    pam.send(CheckAccount{.user = "alice", .remote_host = ""});
    return pam.expect<AccountVerdict>().allowed == 1;
  }
};

TEST_F(SessionPeersTest, DescriptorsThatNobodyWantsAreClosed) {
  for (auto type : {MessageType::kHello, MessageType::kAttach, MessageType{9999}}) {
    int ends[2];
    ASSERT_EQ(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    UniqueFd reading(ends[0]);
    UniqueFd writing(ends[1]);
    auto peer = client();
    const int sent[] = {ends[1], ends[1], ends[1]};
    unsigned char version[] = {1, 0};
    ASSERT_EQ(send_raw(peer.fd(), type, version, sent, Deadline::after_ms(0)), 0);
    peer.expect_end();
    writing.reset();
    char byte = 0;
    EXPECT_EQ(read(reading.get(), &byte, 1), 0) << "somebody still has the other end";
  }
}

TEST_F(SessionPeersTest, RefusalsDoNotFillTheLog) {
  LoggedLines lines;
  for (int i = 0; i < 15; ++i) {
    PeerProcess alice({.uid = 20001, .own_network = false, .type = SOCK_SEQPACKET}, path_);
    Client peer(loop_, std::move(alice.connection));
    peer.greet();
    peer.send(Attach{.wants_progress = 0});
    peer.expect_failure(FailureCode::kNotAllowed);
  }
  EXPECT_EQ(lines.count("outside of a login by ssh"), kMostSaid);
}

TEST_F(SessionPeersTest, WhoAsksNothingMoreIsDropped) {
  auto pam = greeted();
  for (int i = 0; i < 3; ++i) {
    pam.send(CheckAccount{.user = "alice", .remote_host = ""});
    pam.expect<AccountVerdict>();
  }
  pam.expect_end();
}

TEST_F(SessionPeersTest, AnOpenSessionIsNotDropped) {
  containers_.running_now["alice"] = own_process_as_container(accounts_.directory.path());
  auto pam = greeted();
  pam.send(OpenSession{.user = "alice", .remote_host = "", .wait_ms = 0});
  pam.expect<SessionOpened>();
  turn_loop(static_cast<int>(limits_.handshake.count()) + 300);
  EXPECT_EQ(server_->count_of("alice"), 1U);
}

// All places that there are for others than root, by users who are not known to ask too much.
TEST_F(SessionPeersTest, WhenUsersHaveAllTheirPlacesRootGetsIn) {
  std::vector<std::unique_ptr<PeerProcess>> crowd;
  for (uid_t uid = 20002; uid <= 20004; ++uid) {
    accounts_.add("user" + std::to_string(uid));
    for (size_t i = 0; i < limits_.connections.per_user; ++i) {
      crowd.push_back(std::make_unique<PeerProcess>(
          PeerProcess::Who{.uid = uid, .own_network = true, .type = SOCK_SEQPACKET}, path_));
      turn_loop(2);
    }
  }
  Client last(loop_, std::move(crowd.back()->connection));
  last.expect_failure(FailureCode::kUnavailable);
  EXPECT_TRUE(root_is_answered());
}

// More than the socket's buffer takes: what is not read is not kept for it either.
TEST_F(SessionPeersTest, WhoDoesNotReadItsAnswersLosesTheConnection) {
  auto pam = greeted();
  int sent = 0;
  unsigned char buffer[kSmallPacket];
  CheckAccount question{.user = "alice", .remote_host = ""};
  for (int error = 0; error == 0 && sent < 100000; ++sent) {
    error = send_message(pam.fd(), question, buffer, Deadline::after_ms(0));
    while (error == ETIMEDOUT) {
      loop_.run_once(std::chrono::milliseconds(1));
      error = send_message(pam.fd(), question, buffer, Deadline::after_ms(0));
    }
  }
  EXPECT_LT(sent, 100000) << "every answer was kept for it";
  EXPECT_TRUE(root_is_answered());
}

}  // namespace
}  // namespace labgpu::test
