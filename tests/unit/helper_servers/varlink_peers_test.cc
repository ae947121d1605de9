// Varlink peers that misbehave: each loses its own connection, and nobody else notices.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/helper_servers/logged_lines.h"
#include "tests/unit/helper_servers/varlink_fixture.h"

namespace labgpu::test {
namespace {

class VarlinkPeersTest : public VarlinkFixture {};

TEST_F(VarlinkPeersTest, WhoDoesNotReadWhatItIsToldGetsTheReplyAllTheSame) {
  auto caller = client();
  caller.call("org.example.Count", {{"to", 2000}, {"text", std::string(1000, 'c')}},
              {{"more", true}});
  run_until(loop_,
            [this] { return !interface_.called.empty() && interface_.called.back() == "the end"; });
  json last;
  int64_t before = 0;
  int count = 0;
  for (last = caller.receive(); last.contains("continues"); last = caller.receive()) {
    EXPECT_GT(last["parameters"]["i"], before);
    before = last["parameters"]["i"];
    ++count;
  }
  EXPECT_LT(count, 2000) << "everything was kept for it";
  EXPECT_EQ(last, json({{"parameters", {{"i", 0}}}}));
}

TEST_F(VarlinkPeersTest, WhatIsNoCallEndsTheConnection) {
  const std::vector<std::string> bad = {"",
                                        "x",
                                        "[]",
                                        "{}",
                                        "{\"method\":5}",
                                        "{\"method\":\"a.b\",\"parameters\":[]}",
                                        "{\"method\":\"a.b\",\"oneway\":1}",
                                        "{\"method\":\"\xff\"}",
                                        std::string(5000, '['),
                                        std::string(9999, ' ')};
  for (const auto& message : bad) {
    auto caller = client();
    caller.send(message + '\0');
    EXPECT_EQ(caller.receive(), nullptr) << message.substr(0, 40);
  }
}

TEST_F(VarlinkPeersTest, AHugeMessageEndsTheConnectionBeforeItIsWhole) {
  auto caller = client();
  caller.send("{\"method\":\"" + std::string(200000, 'a'));
  EXPECT_EQ(caller.receive(), nullptr);
}

TEST_F(VarlinkPeersTest, TheLargestMessageIsTakenAndIsLongerForAdministrators) {
  std::string frame = R"({"method":"org.example.Echo","parameters":{"tag":""}})";
  auto send_one_that_fits_and_one_that_does_not = [&](Client caller, size_t longest) {
    caller.call("org.example.Echo", {{"tag", std::string(longest - frame.size(), 'x')}});
    EXPECT_EQ(error_of(caller.receive()), "none") << longest;
    caller.call("org.example.Echo", {{"tag", std::string(longest + 1 - frame.size(), 'x')}});
    EXPECT_EQ(caller.receive(), nullptr) << longest;
  };
  send_one_that_fits_and_one_that_does_not(client(4711), kLongest);
  send_one_that_fits_and_one_that_does_not(client(4711, {kAdmins}), kLongestOfAdmins);
  send_one_that_fits_and_one_that_does_not(client(), kLongestOfAdmins);
}

TEST_F(VarlinkPeersTest, AReplyThatNobodyReadsIsGivenUp) {
  auto caller = client();
  caller.call("org.example.Big", json::object());
  pollfd hung_up{.fd = caller.fd(), .events = 0, .revents = 0};
  run_until(loop_, [&] { return poll(&hung_up, 1, 0) > 0; });
  EXPECT_NE(hung_up.revents & POLLHUP, 0);
}

TEST_F(VarlinkPeersTest, HalfAMessageIsNotWaitedForForEver) {
  auto caller = client();
  caller.send("{\"method\":");
  EXPECT_EQ(caller.receive(), nullptr);
}

TEST_F(VarlinkPeersTest, ACallGoesOnWhenItsCallerLeaves) {
  auto caller = client();
  caller.call("org.example.Echo", {{"tag", "x"}, {"wait", 50}});
  for (int i = 0; i < 5; ++i) loop_.run_once(std::chrono::milliseconds(1));
  caller.hang_up();
  run_until(loop_, [this] { return !interface_.called.empty(); });
  auto other = client();
  other.call("org.example.Echo", {{"tag", "y"}});
  EXPECT_EQ(other.receive()["parameters"]["tag"], "y");
}

TEST_F(VarlinkPeersTest, NoUserCanKeepRootOut) {
  std::vector<std::unique_ptr<PeerProcess>> flood;
  for (uid_t i = 0; i < 12; ++i) {
    flood.push_back(std::make_unique<PeerProcess>(
        PeerProcess::Who{.uid = 4711 + i / 3, .own_network = false, .type = SOCK_STREAM}, path_));
    loop_.run_once(std::chrono::milliseconds(1));
  }
  Client third(loop_, std::move(flood[2]->connection));  // the user's third connection
  EXPECT_EQ(third.receive(), nullptr);
  auto root = client();
  root.call("org.example.Echo", {{"tag", "root"}});
  EXPECT_EQ(root.receive()["parameters"]["tag"], "root");
}

TEST_F(VarlinkPeersTest, RefusalsDoNotFillTheLog) {
  LoggedLines lines;
  std::vector<std::unique_ptr<PeerProcess>> flood;
  auto connect_often = [&](uid_t uid, int times) {
    for (int i = 0; i < times; ++i) {
      flood.push_back(std::make_unique<PeerProcess>(
          PeerProcess::Who{.uid = uid, .own_network = false, .type = SOCK_STREAM}, path_));
      loop_.run_once(std::chrono::milliseconds(10));
    }
  };
  connect_often(4711, 20);
  connect_often(4712, 2);  // of what is left it gets one
  EXPECT_EQ(lines.count("too many connections"), kMostSaid + 1) << "one hides what another does";
}

TEST_F(VarlinkPeersTest, WhoSendsAByteNowAndThenGainsNothing) {
  auto caller = client();
  auto end = std::chrono::steady_clock::now() + kIdle * 4;
  pollfd hung_up{.fd = caller.fd(), .events = 0, .revents = 0};
  while (poll(&hung_up, 1, 0) == 0 && std::chrono::steady_clock::now() < end) {
    caller.send(" ");
    loop_.run_once(std::chrono::milliseconds(20));
  }
  EXPECT_NE(hung_up.revents & POLLHUP, 0);
}

TEST_F(VarlinkPeersTest, WhoReadsAByteNowAndThenGainsNothing) {
  auto caller = client();
  caller.call("org.example.Big", json::object());
  auto end = std::chrono::steady_clock::now() + kIdle * 4;
  pollfd hung_up{.fd = caller.fd(), .events = 0, .revents = 0};
  while (poll(&hung_up, 1, 0) == 0 && std::chrono::steady_clock::now() < end) {
    char bytes[100];
    [[maybe_unused]] auto size = recv(caller.fd(), bytes, sizeof bytes, MSG_DONTWAIT);
    loop_.run_once(std::chrono::milliseconds(20));
  }
  EXPECT_NE(hung_up.revents & POLLHUP, 0);
}

// Whoever does not read its replies has its calls wait, not the server keep them.
TEST_F(VarlinkPeersTest, CallsOfOneWhoDoesNotReadAreNotTaken) {
  auto caller = client();
  const std::string big = std::string(R"({"method":"org.example.Big"})") + '\0';
  for (int i = 0; i < 50; ++i) caller.send(big);
  for (int i = 0; i < 50; ++i) loop_.run_once(std::chrono::milliseconds(1));
  EXPECT_EQ(interface_.called.size(), 1U);
}

TEST_F(VarlinkPeersTest, WhoCallsWithoutPauseLeavesTheOthersTheirTurn) {
  std::string calls;
  for (int i = 0; i < 150; ++i) {
    calls += std::string(R"({"method":"org.example.Echo","oneway":true})") + '\0';
  }
  auto flood = client(4711);
  auto done_before = [this] { return interface_.called.size(); };
  for (int i = 0; i < 50; ++i) flood.send(calls);
  auto root = client();
  root.call("org.example.Echo", {{"tag", "root"}});
  size_t before = done_before();
  EXPECT_EQ(root.receive()["parameters"]["tag"], "root");
  EXPECT_LT(done_before() - before, 500U) << "all of the flood was served first";
}

// The kernel closes what comes with a byte that is received without asking for descriptors
// (net/unix/af_unix.c, unix_stream_read_generic).
TEST_F(VarlinkPeersTest, DescriptorsThatNobodyWantsAreClosed) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
  UniqueFd reading(ends[0]);
  UniqueFd writing(ends[1]);
  auto caller = client();
  std::string message = std::string(R"({"method":"org.example.Echo"})") + '\0';
  iovec part{.iov_base = message.data(), .iov_len = message.size()};
  alignas(cmsghdr) unsigned char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof control;
  cmsghdr* c = CMSG_FIRSTHDR(&header);
  c->cmsg_level = SOL_SOCKET;
  c->cmsg_type = SCM_RIGHTS;
  c->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(c), &ends[1], sizeof(int));
  ASSERT_EQ(sendmsg(caller.fd(), &header, MSG_NOSIGNAL), static_cast<ssize_t>(message.size()));
  writing.reset();
  EXPECT_EQ(caller.receive()["parameters"], json::object());
  char byte = 0;
  EXPECT_EQ(read(reading.get(), &byte, 1), 0) << "somebody still has the other end";
}

}  // namespace
}  // namespace labgpu::test
