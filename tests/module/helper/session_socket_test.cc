// The session socket of the built labgpud, asked by root, by managed users and by strangers.
#include <gmock/gmock.h>
#include <poll.h>
#include <sys/socket.h>

#include "common/packet_socket.h"
#include "tests/module/helper/labgpud_process.h"
#include "tests/support/peer_process.h"

namespace labgpu::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class SessionSocketTest : public testing::Test {
 protected:
  SessionSocketTest() {
    varlink_call(files_.admin_socket, "org.labgpu.AddUser", {{"name", "alice"}});
    varlink_call(files_.admin_socket, "org.labgpu.AddUser", {{"name", "lena"}});
    varlink_call(files_.admin_socket, "org.labgpu.SetUser",
                 {{"name", "lena"}, {"assignments", {"locked=yes"}}});
  }
  UniqueFd connect() {
    UniqueFd fd;
    EXPECT_EQ(connect_packet_socket(files_.session_socket.c_str(), deadline(), fd), 0);
    return fd;
  }
  static Deadline deadline() { return Deadline::after_ms(30000); }
  // Hello and a request; the answer's error number, as of receive_message(). Who is refused at once
  // finds the connection closed already, and the reason in it.
  template <typename Request, typename Answer>
  int ask(int socket, const Request& request, Answer& answer) {
    using testing::AnyOf;
    EXPECT_THAT(send_message(socket, Hello{}, deadline()), AnyOf(0, ECONNRESET));
    EXPECT_THAT(send_message(socket, request, deadline()), AnyOf(0, ECONNRESET));
    Hello hello;
    int error = receive_message(socket, buffer_, packet_, hello, failure_, deadline());
    return error != 0 ? error
                      : receive_message(socket, buffer_, packet_, answer, failure_, deadline());
  }
  int check(const char* user, AccountVerdict& verdict) {
    socket_ = connect();
    return ask(socket_.get(), CheckAccount{.user = user, .remote_host = "192.0.2.7"}, verdict);
  }
  // Attach by a process of that user; Failure's code, or 0 when there was none.
  int attach_failure(uid_t uid, bool own_network) {
    PeerProcess peer({.uid = uid, .own_network = own_network, .type = SOCK_SEQPACKET},
                     files_.session_socket);
    Attached attached;
    failure_.code = 0;
    int error = ask(peer.connection.get(), Attach{.wants_progress = 0}, attached);
    return error == EREMOTEIO ? failure_.code : -error;
  }

  ServerFiles files_;
  RunningLabgpud labgpud_{files_};
  UniqueFd socket_;
  unsigned char buffer_[kSmallPacket];
  Packet packet_;
  Failure failure_;
};

TEST_F(SessionSocketTest, AccountsAreCheckedForRoot) {
  AccountVerdict verdict;
  ASSERT_EQ(check("alice", verdict), 0);
  EXPECT_EQ(verdict.allowed, 1);
  ASSERT_EQ(check("lena", verdict), 0);
  EXPECT_EQ(verdict.allowed, 0);
  EXPECT_THAT(std::string(verdict.sentence), HasSubstr("locked"));
  EXPECT_EQ(check("root", verdict), EREMOTEIO);
  EXPECT_EQ(failure_.code, static_cast<uint16_t>(FailureCode::kNoAccount));
}

TEST_F(SessionSocketTest, WithoutDockerASessionIsDetachedAndCounted) {
  auto socket = connect();
  SessionOpened opened;
  ASSERT_EQ(ask(socket.get(),
                OpenSession{.user = "alice", .remote_host = "192.0.2.7", .wait_ms = 5000}, opened),
            0);
  EXPECT_EQ(opened.ready, 0);
  auto sessions = [&] {
    auto reply = varlink_call(files_.admin_socket, "org.labgpu.Status", {{"name", "alice"}});
    return reply["parameters"]["containers"][0]["sessions"].get<int>();
  };
  EXPECT_EQ(sessions(), 1);
  socket.reset();
  for (int i = 0; i < 500 && sessions() != 0; ++i) poll(nullptr, 0, 10);
  EXPECT_EQ(sessions(), 0);
  EXPECT_THAT(read_file(files_.log), HasSubstr("session closed for alice from 192.0.2.7"));
}

TEST_F(SessionSocketTest, AttachIsForManagedUsersOutsideTheHostsNetwork) {
  EXPECT_EQ(attach_failure(20001, false), static_cast<int>(FailureCode::kNotAllowed));
  EXPECT_EQ(attach_failure(20001, true), static_cast<int>(FailureCode::kUnavailable));
  EXPECT_THAT(std::string(failure_.sentence), HasSubstr("Docker"));
  EXPECT_EQ(attach_failure(20002, true), static_cast<int>(FailureCode::kNotAllowed));  // locked
  EXPECT_EQ(attach_failure(0, true), static_cast<int>(FailureCode::kNoAccount));
  EXPECT_EQ(attach_failure(4711, true), static_cast<int>(FailureCode::kNoAccount));
}

TEST_F(SessionSocketTest, WithoutFreeDescriptorsTheSetupIsNotBlamed) {
  PeerProcess peer({.uid = 20001, .own_network = true, .type = SOCK_SEQPACKET},
                   files_.session_socket);
  const int socket = peer.connection.get();
  Hello hello;
  ASSERT_EQ(send_message(socket, Hello{}, deadline()), 0);
  ASSERT_EQ(receive_message(socket, buffer_, packet_, hello, failure_, deadline()), 0);
  labgpud_.allow_more_files(0);
  ASSERT_EQ(send_message(socket, Attach{.wants_progress = 0}, deadline()), 0);
  Attached attached;
  EXPECT_EQ(receive_message(socket, buffer_, packet_, attached, failure_, deadline()), EREMOTEIO);
  EXPECT_EQ(failure_.code, static_cast<uint16_t>(FailureCode::kSystem));
  EXPECT_THAT(std::string(failure_.sentence), HasSubstr("log in again"));
  EXPECT_THAT(read_file(files_.log), HasSubstr("Too many open files"));
}

TEST_F(SessionSocketTest, AUserMayNotAskForAnotherOne) {
  PeerProcess alice({.uid = 20001, .own_network = true, .type = SOCK_SEQPACKET},
                    files_.session_socket);
  SessionOpened opened;
  ASSERT_EQ(ask(alice.connection.get(),
                OpenSession{.user = "lena", .remote_host = "", .wait_ms = 0}, opened),
            EREMOTEIO);
  EXPECT_EQ(failure_.code, static_cast<uint16_t>(FailureCode::kNotAllowed));
}

TEST_F(SessionSocketTest, AFloodOfOneUserLeavesTheSocketToRoot) {
  std::vector<std::unique_ptr<PeerProcess>> flood;
  for (int i = 0; i < 80; ++i) {
    flood.push_back(std::make_unique<PeerProcess>(
        PeerProcess::Who{.uid = 20001, .own_network = false, .type = SOCK_SEQPACKET},
        files_.session_socket));
  }
  AccountVerdict verdict;
  ASSERT_EQ(check("alice", verdict), 0);
  EXPECT_EQ(verdict.allowed, 1);
}

TEST_F(SessionSocketTest, GarbageEndsOnlyItsConnection) {
  unsigned char garbage[kSmallPacket * 4] = {1};
  for (size_t size : {size_t{0}, size_t{1}, size_t{100}, sizeof garbage}) {
    for (auto type : {MessageType::kHello, MessageType::kAttach, MessageType{9999}}) {
      auto socket = connect();
      EXPECT_EQ(send_raw(socket.get(), type, Bytes(garbage, size), {}, deadline()), 0);
      EXPECT_EQ(receive_raw(socket.get(), buffer_, packet_, deadline()), ECONNRESET);
    }
  }
  AccountVerdict verdict;
  EXPECT_EQ(check("alice", verdict), 0);
}

}  // namespace
}  // namespace labgpu::test
