// common/packet_socket.h: packets, descriptors and deadlines over real socket pairs.
#include "common/packet_socket.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "tests/support/temporary_directory.h"

namespace labgpu {
namespace {

using test::open_descriptors;

ino_t inode(int fd) {
  struct stat status {};
  EXPECT_EQ(fstat(fd, &status), 0);
  return status.st_ino;
}

class PacketSocket : public testing::Test {
 protected:
  PacketSocket() {
    int pair[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    near_.reset(pair[0]);
    far_.reset(pair[1]);
    for (UniqueFd& file : files_) {
      file.reset(memfd_create("labgpu-test", MFD_CLOEXEC));
      numbers_.push_back(file.get());
    }
  }

  // Sends as no well-behaved peer would: any bytes with any number of descriptors.
  void send_bytes(std::span<const unsigned char> bytes, std::span<const int> fds) {
    std::array<unsigned char, 512> control{};
    iovec part{.iov_base = const_cast<unsigned char*>(bytes.data()), .iov_len = bytes.size()};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    if (!fds.empty()) {
      header.msg_control = control.data();
      header.msg_controllen = CMSG_SPACE(fds.size_bytes());
      cmsghdr* c = CMSG_FIRSTHDR(&header);
      c->cmsg_level = SOL_SOCKET;
      c->cmsg_type = SCM_RIGHTS;
      c->cmsg_len = CMSG_LEN(fds.size_bytes());
      memcpy(CMSG_DATA(c), fds.data(), fds.size_bytes());
    }
    ASSERT_EQ(sendmsg(far_.get(), &header, 0), static_cast<ssize_t>(bytes.size()));
  }

  std::span<const int> fds(size_t count) const { return std::span(numbers_).first(count); }

  static Deadline soon() { return Deadline::after_ms(50); }
  static Deadline patient() { return Deadline::after_ms(5000); }

  UniqueFd near_;
  UniqueFd far_;
  std::array<UniqueFd, 10> files_;
  std::vector<int> numbers_;
  std::array<unsigned char, kSmallPacket> buffer_{};
};

TEST_F(PacketSocket, CarriesTypeAndFields) {
  const std::array<unsigned char, 3> fields{1, 2, 3};
  ASSERT_EQ(send_raw(near_.get(), MessageType::kStarted, fields, {}, patient()), 0);
  Packet packet;
  ASSERT_EQ(receive_raw(far_.get(), buffer_, packet, patient()), 0);
  EXPECT_EQ(packet.type, MessageType::kStarted);
  EXPECT_THAT(packet.fields, testing::ElementsAre(1, 2, 3));
  EXPECT_EQ(packet.fd_count, 0U);
}

TEST_F(PacketSocket, CarriesTheLargestPacket) {
  std::vector<unsigned char> fields(kMaxPacket - 2, 0xa5);
  ASSERT_EQ(send_raw(near_.get(), MessageType::kStart, fields, {}, patient()), 0);
  std::vector<unsigned char> buffer(kMaxPacket);
  Packet packet;
  ASSERT_EQ(receive_raw(far_.get(), buffer, packet, patient()), 0);
  EXPECT_TRUE(std::equal(fields.begin(), fields.end(), packet.fields.begin(), packet.fields.end()));
}

TEST_F(PacketSocket, HandsOverEveryAllowedNumberOfDescriptors) {
  for (size_t count = 0; count <= kMaxFds; ++count) {
    size_t before = open_descriptors();
    {
      ASSERT_EQ(send_raw(near_.get(), MessageType::kStart, {}, fds(count), patient()), 0);
      Packet packet;
      ASSERT_EQ(receive_raw(far_.get(), buffer_, packet, patient()), 0);
      ASSERT_EQ(packet.fd_count, count);
      EXPECT_EQ(open_descriptors(), before + count);
      for (size_t i = 0; i < count; ++i) {
        EXPECT_EQ(inode(packet.fds[i].get()), inode(numbers_[i])) << "in the order sent";
        EXPECT_EQ(fcntl(packet.fds[i].get(), F_GETFD), FD_CLOEXEC);
      }
    }
    EXPECT_EQ(open_descriptors(), before) << "the packet owns what it received";
  }
}

TEST_F(PacketSocket, SendsNoMoreThanAllowed) {
  EXPECT_EQ(send_raw(near_.get(), MessageType::kStart, {}, fds(kMaxFds + 1), patient()), EINVAL);
}

TEST_F(PacketSocket, ClosesSurplusDescriptors) {
  const std::array<unsigned char, 2> type{41, 0};
  for (size_t count = kMaxFds + 1; count <= files_.size(); ++count) {
    size_t before = open_descriptors();
    ASSERT_NO_FATAL_FAILURE(send_bytes(type, fds(count)));
    Packet packet;
    EXPECT_EQ(receive_raw(near_.get(), buffer_, packet, patient()), EPROTO) << count;
    EXPECT_EQ(packet.fd_count, 0U);
    EXPECT_EQ(open_descriptors(), before) << count;
  }
}

TEST_F(PacketSocket, ClosesTheDescriptorsOfATooLargePacket) {
  size_t before = open_descriptors();
  ASSERT_EQ(send_raw(far_.get(), MessageType::kStart, Bytes(buffer_).first(9), fds(3), patient()),
            0);
  Packet packet;
  EXPECT_EQ(receive_raw(near_.get(), std::span(buffer_).first(8), packet, patient()), EMSGSIZE);
  EXPECT_EQ(open_descriptors(), before);
  ASSERT_EQ(send_raw(far_.get(), MessageType::kStart, Bytes(buffer_).first(8), {}, patient()), 0);
  EXPECT_EQ(receive_raw(near_.get(), std::span(buffer_).first(8), packet, patient()), 0)
      << "exactly full is not too large";
}

TEST_F(PacketSocket, ClosesTheDescriptorsOfAPacketWithoutType) {
  size_t before = open_descriptors();
  ASSERT_NO_FATAL_FAILURE(send_bytes(std::array<unsigned char, 1>{41}, fds(2)));
  Packet packet;
  EXPECT_EQ(receive_raw(near_.get(), buffer_, packet, patient()), EPROTO);
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(PacketSocket, RefusesControlDataOtherThanDescriptors) {
  int on = 1;
  ASSERT_EQ(setsockopt(near_.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on), 0);
  ASSERT_EQ(send_raw(far_.get(), MessageType::kHello, {}, {}, patient()), 0);
  Packet packet;
  EXPECT_EQ(receive_raw(near_.get(), buffer_, packet, patient()), EPROTO);
}

TEST_F(PacketSocket, ClosesWhatAReusedPacketHeld) {
  ASSERT_EQ(send_raw(far_.get(), MessageType::kStart, {}, fds(3), patient()), 0);
  ASSERT_EQ(send_raw(far_.get(), MessageType::kStart, {}, {}, patient()), 0);
  size_t before = open_descriptors();
  Packet packet;
  ASSERT_EQ(receive_raw(near_.get(), buffer_, packet, patient()), 0);
  ASSERT_EQ(receive_raw(near_.get(), buffer_, packet, patient()), 0);
  EXPECT_EQ(packet.fd_count, 0U);
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(PacketSocket, TellsThatThePeerHungUp) {
  far_.reset();
  Packet packet;
  EXPECT_EQ(receive_raw(near_.get(), buffer_, packet, patient()), ECONNRESET);
  EXPECT_EQ(send_raw(near_.get(), MessageType::kHello, {}, {}, patient()), ECONNRESET)
      << "and no SIGPIPE, which would end this test";
}

TEST_F(PacketSocket, DeliversWhatWasSentBeforeTheHangUpWithOurPacketUnread) {
  ASSERT_EQ(send_message(near_.get(), Hello{}, patient()), 0);
  ASSERT_EQ(send_message(far_.get(), Exited{.value = 3}, patient()), 0);
  far_.reset();
  Packet packet;
  Exited exited;
  ASSERT_EQ(receive_raw(near_.get(), buffer_, packet, patient()), 0);
  ASSERT_EQ(parse_packet(packet, exited), 0);
  EXPECT_EQ(exited.value, 3);
  EXPECT_EQ(receive_raw(near_.get(), buffer_, packet, patient()), ECONNRESET);
}

TEST_F(PacketSocket, DeliversWhatWasSentBeforeTheHangUp) {
  ASSERT_EQ(send_message(far_.get(), Exited{.value = 3}, patient()), 0);
  far_.reset();
  Packet packet;
  Exited exited;
  ASSERT_EQ(receive_raw(near_.get(), buffer_, packet, patient()), 0);
  ASSERT_EQ(parse_packet(packet, exited), 0);
  EXPECT_EQ(exited.value, 3);
}

TEST_F(PacketSocket, StopsWaitingAtTheDeadline) {
  Packet packet;
  EXPECT_EQ(receive_raw(near_.get(), buffer_, packet, Deadline::after_ms(0)), ETIMEDOUT);
  EXPECT_EQ(receive_raw(near_.get(), buffer_, packet, soon()), ETIMEDOUT);
  int error = 0;
  while (error == 0) error = send_raw(near_.get(), MessageType::kProgress, buffer_, {}, soon());
  EXPECT_EQ(error, ETIMEDOUT) << "nobody reads the full socket";
}

TEST_F(PacketSocket, KeepsTheDeadlineThroughSignals) {
  struct sigaction on_alarm {};
  struct sigaction before {};
  on_alarm.sa_handler = [](int) {};  // without SA_RESTART: poll ends with EINTR
  ASSERT_EQ(sigaction(SIGALRM, &on_alarm, &before), 0);
  const itimerval often{.it_interval = {0, 5000}, .it_value = {0, 5000}};
  ASSERT_EQ(setitimer(ITIMER_REAL, &often, nullptr), 0);
  Packet packet;
  EXPECT_EQ(receive_raw(near_.get(), buffer_, packet, soon()), ETIMEDOUT);
  const itimerval never{};
  setitimer(ITIMER_REAL, &never, nullptr);
  sigaction(SIGALRM, &before, nullptr);
}

TEST_F(PacketSocket, ParsesOnlyTheExpectedMessage) {
  Packet packet;
  Signal signal;
  ASSERT_EQ(send_message(far_.get(), Hello{}, patient()), 0);
  ASSERT_EQ(receive_raw(near_.get(), buffer_, packet, patient()), 0);
  EXPECT_EQ(parse_packet(packet, signal), EPROTO) << "another type";
  const std::array<unsigned char, 2> too_much{15, 0};
  ASSERT_EQ(send_raw(far_.get(), MessageType::kSignal, too_much, {}, patient()), 0);
  ASSERT_EQ(receive_raw(near_.get(), buffer_, packet, patient()), 0);
  EXPECT_EQ(parse_packet(packet, signal), EPROTO) << "a byte left over";
}

TEST_F(PacketSocket, ParsesOnlyTheExactNumberOfDescriptors) {
  for (size_t count : {0U, 2U, 3U}) {
    size_t before = open_descriptors();
    ASSERT_EQ(send_raw(far_.get(), MessageType::kAttached, {}, fds(count), patient()), 0);
    Packet packet;
    Attached attached;
    ASSERT_EQ(receive_raw(near_.get(), buffer_, packet, patient()), 0);
    EXPECT_EQ(parse_packet(packet, attached), EPROTO) << count;
    EXPECT_EQ(packet.fd_count, 0U);
    EXPECT_EQ(open_descriptors(), before) << count;
  }
}

TEST_F(PacketSocket, SendsOnlyCompleteMessages) {
  EXPECT_EQ(send_message(near_.get(), Attached{}, patient()), EINVAL) << "no descriptor";
  EXPECT_EQ(send_message(near_.get(), Hello{}, patient(), fds(1)), EINVAL) << "one too many";
  EXPECT_EQ(send_message(near_.get(), Progress{.image = std::string(kSmallPacket, 'x')}, patient()),
            EMSGSIZE);
  Packet packet;
  EXPECT_EQ(receive_raw(far_.get(), buffer_, packet, Deadline::after_ms(0)), ETIMEDOUT)
      << "nothing was sent";
}

TEST_F(PacketSocket, ReceivesTheAnswerOrItsFailure) {
  Packet packet;
  SessionOpened opened;
  Failure failure;
  ASSERT_EQ(send_message(far_.get(), SessionOpened{.ready = 1, .session = 7}, patient(), fds(3)),
            0);
  ASSERT_EQ(receive_message(near_.get(), buffer_, packet, opened, failure, patient()), 0);
  EXPECT_EQ(opened.session, 7U);
  EXPECT_EQ(packet.fd_count, 3U);

  ASSERT_EQ(send_message(far_.get(), Failure{.code = 3, .sentence = "who is that?"}, patient()), 0);
  ASSERT_EQ(receive_message(near_.get(), buffer_, packet, opened, failure, patient()), EREMOTEIO);
  EXPECT_EQ(failure.code, 3);
  EXPECT_EQ(failure.sentence, "who is that?");

  ASSERT_EQ(send_raw(far_.get(), MessageType::kFailure, {}, {}, patient()), 0);
  EXPECT_EQ(receive_message(near_.get(), buffer_, packet, opened, failure, patient()), EPROTO);
}

class Listener {
 public:
  explicit Listener(const std::string& path) {
    socket_.reset(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    EXPECT_EQ(bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(listen(socket_.get(), 0), 0);
  }
  void close() { socket_.reset(); }

 private:
  UniqueFd socket_;
};

TEST(ConnectPacketSocket, ConnectsWithoutBlockingAndCloseOnExec) {
  test::TemporaryDirectory directory;
  Listener listener(directory / "socket");
  UniqueFd connection;
  ASSERT_EQ(
      connect_packet_socket((directory / "socket").c_str(), Deadline::after_ms(1000), connection),
      0);
  EXPECT_EQ(fcntl(connection.get(), F_GETFD), FD_CLOEXEC);
  EXPECT_NE(fcntl(connection.get(), F_GETFL) & O_NONBLOCK, 0);
}

TEST(ConnectPacketSocket, TellsWhyItCannot) {
  test::TemporaryDirectory directory;
  size_t before = open_descriptors();
  UniqueFd connection;
  Deadline deadline = Deadline::after_ms(1000);
  EXPECT_EQ(connect_packet_socket((directory / "none").c_str(), deadline, connection), ENOENT);
  EXPECT_EQ(connect_packet_socket(std::string(200, 'x').c_str(), deadline, connection),
            ENAMETOOLONG);
  Listener listener(directory / "socket");
  listener.close();
  EXPECT_EQ(connect_packet_socket((directory / "socket").c_str(), deadline, connection),
            ECONNREFUSED);
  EXPECT_FALSE(connection.valid());
  EXPECT_EQ(open_descriptors(), before);
}

TEST(ConnectPacketSocket, WaitsForAFullBacklogUntilTheDeadline) {
  test::TemporaryDirectory directory;
  Listener listener(directory / "socket");
  std::vector<UniqueFd> connections;
  int error = 0;
  while (error == 0 && connections.size() < 100) {
    UniqueFd connection;
    error =
        connect_packet_socket((directory / "socket").c_str(), Deadline::after_ms(30), connection);
    connections.push_back(std::move(connection));
  }
  EXPECT_EQ(error, ETIMEDOUT);
}

}  // namespace
}  // namespace labgpu
