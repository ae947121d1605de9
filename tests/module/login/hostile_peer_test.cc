// What init does with peers that send what they must not: they lose their connection, and others do
// not notice.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/packet_socket.h"
#include "tests/module/login/container.h"
#include "tests/module/login/helper_double.h"
#include "tests/module/login/session_process.h"
#include "tests/module/login/test_world.h"

namespace labgpu::login_test {
namespace {

Deadline soon() { return Deadline::after_ms(5000); }

// Starts `command` with nothing to read or write on a new connection, which is returned.
UniqueFd start_command(const Container& container, std::string_view command) {
  UniqueFd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  const int fds[3] = {null.get(), null.get(), null.get()};
  UniqueFd socket = container.connect_as_helper(alice());
  Start start;
  start.command = command;
  EXPECT_EQ(send_message(socket.get(), start, soon(), fds), 0);
  return socket;
}

class HostilePeerTest : public testing::Test {
 protected:
  void SetUp() override { container_.start(); }
  void TearDown() override {
    EXPECT_TRUE(container_.is_running());
    EXPECT_EQ(run("echo well").out, "well\n");
  }
  Container container_;
  HelperDouble helper_{container_};
};

// The first packet that is no Hello; ECONNRESET when init hung up without one.
int next_answer(int socket, Packet& packet, std::span<unsigned char> buffer) {
  int error = 0;
  do {
    error = receive_raw(socket, buffer, packet, soon());
  } while (error == 0 && packet.type == MessageType::kHello);
  return error;
}

void expect_hung_up(int socket, const std::string& what) {
  unsigned char buffer[kSmallPacket];
  Packet packet;
  EXPECT_EQ(next_answer(socket, packet, buffer), ECONNRESET) << what;
}

void expect_failure(int socket, FailureCode code, const std::string& what) {
  unsigned char buffer[kSmallPacket];
  Packet packet;
  Failure failure;
  ASSERT_EQ(next_answer(socket, packet, buffer), 0) << what;
  ASSERT_EQ(parse_packet(packet, failure), 0) << what;
  EXPECT_EQ(failure.code, static_cast<uint16_t>(code)) << what;
}

TEST_F(HostilePeerTest, PacketsThatAreNoHello) {
  const std::string packets[] = {
      std::string(1, '\1'),                // half a type
      std::string("\1\0", 2),              // Hello without a version
      std::string("\1\0\1", 3),            // with half of one
      std::string("\1\0\1\0x", 5),         // with something after it
      std::string("\50\0\1\0", 4),         // Identity first
      std::string("\51\0", 2),             // Start first
      std::string("\54\0\11", 3),          // Signal first
      std::string("\2\0\1\0\0\0\0\0", 8),  // Failure is not for init
      std::string("\377\377", 2),          // no such type
      std::string(kMaxPacket, '\377'),     // noise
  };
  for (const std::string& packet : packets) {
    UniqueFd socket = container_.connect();
    ASSERT_EQ(send(socket.get(), packet.data(), packet.size(), 0),
              static_cast<ssize_t>(packet.size()));
    expect_hung_up(socket.get(), testing::PrintToString(packet.substr(0, 16)));
  }
}

TEST_F(HostilePeerTest, AnotherVersionIsTold) {
  UniqueFd socket = container_.connect();
  ASSERT_EQ(send_message(socket.get(), Hello{.version = 999}, soon()), 0);
  ASSERT_EQ(send_message(socket.get(), alice(), soon()), 0);
  expect_failure(socket.get(), FailureCode::kVersion, "version 999");
}

TEST_F(HostilePeerTest, StartsThatAreMalformed) {
  UniqueFd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  const int fds[3] = {null.get(), null.get(), null.get()};
  unsigned char buffer[kSmallPacket];
  FieldWriter writer(buffer);
  Start start;
  Start::visit(start, writer);
  Bytes fields = writer.written();

  UniqueFd fewer = container_.connect_as_helper(alice());
  ASSERT_EQ(send_raw(fewer.get(), MessageType::kStart, fields, std::span(fds, 2), soon()), 0);
  expect_hung_up(fewer.get(), "two descriptors");

  UniqueFd with_terminal = container_.connect_as_helper(alice());
  buffer[0] = 1;
  ASSERT_EQ(send_raw(with_terminal.get(), MessageType::kStart, fields, fds, soon()), 0);
  expect_hung_up(with_terminal.get(), "a terminal and descriptors");
  buffer[0] = 0;

  for (size_t size = 0; size < fields.size(); ++size) {
    UniqueFd cut = container_.connect_as_helper(alice());
    ASSERT_EQ(send_raw(cut.get(), MessageType::kStart, fields.first(size), fds, soon()), 0);
    expect_hung_up(cut.get(), "cut at " + std::to_string(size));
  }
}

TEST_F(HostilePeerTest, ModesThatAreNoModes) {
  const unsigned char modes[3] = {1, 2, 3};
  UniqueFd socket = container_.connect_as_helper(alice());
  Start start;
  start.terminal = 1;
  start.modes = modes;
  ASSERT_EQ(send_message(socket.get(), start, soon()), 0);
  expect_failure(socket.get(), FailureCode::kSystem, "three bytes of modes");
}

TEST_F(HostilePeerTest, SignalsNobodyMaySend) {
  UniqueFd socket = start_command(container_, "exec sleep 34.1");
  for (int number : {0, SIGSTOP, SIGTSTP, SIGSEGV, 65, 255}) {
    ASSERT_EQ(send_message(socket.get(), Signal{static_cast<uint8_t>(number)}, soon()), 0);
  }
  ASSERT_EQ(send_message(socket.get(), Signal{SIGUSR1}, soon()), 0);
  unsigned char buffer[kSmallPacket];
  Packet packet;
  Started started;
  Exited exited;
  ASSERT_EQ(next_answer(socket.get(), packet, buffer), 0);
  ASSERT_EQ(parse_packet(packet, started), 0);
  ASSERT_EQ(next_answer(socket.get(), packet, buffer), 0);
  ASSERT_EQ(parse_packet(packet, exited), 0);
  EXPECT_EQ(exited.by_signal, 1);
  EXPECT_EQ(exited.value, SIGUSR1);
  expect_hung_up(socket.get(), "after Exited");
}

TEST_F(HostilePeerTest, AFloodFromOnePeerDoesNotStopOthers) {
  UniqueFd socket = start_command(container_, "exec sleep 34.2");
  std::atomic<bool> done = false;
  std::thread flood([&] {
    while (!done) [[maybe_unused]] int error = send_message(socket.get(), Signal{SIGSTOP}, soon());
  });
  for (int i = 0; i < 20; ++i) EXPECT_EQ(run("echo served").out, "served\n");
  done = true;
  flood.join();
}

// The test of the slots and of the time limit at once: they are all taken by peers that say
// nothing.
TEST_F(HostilePeerTest, SilentPeersLoseTheirPlace) {
  std::vector<UniqueFd> silent;
  for (int i = 0; i < 1100; ++i) {
    silent.push_back(container_.connect());
    ASSERT_TRUE(silent.back().valid()) << i;
  }
  Finished result = run("echo served");
  EXPECT_EQ(result.out, "served\n") << result.err;
  expect_hung_up(silent.front().get(), "the first one");
}

}  // namespace
}  // namespace labgpu::login_test
