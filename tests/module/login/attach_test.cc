// What labgpu-session does before and without a container: helpers that refuse, wait, lie or are
// not there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/packet_socket.h"
#include "common/paths.h"
#include "tests/module/login/container.h"
#include "tests/module/login/helper_double.h"
#include "tests/module/login/session_process.h"
#include "tests/module/login/test_world.h"

namespace labgpu::login_test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

Deadline soon() { return Deadline::after_ms(5000); }

void answer_failure(int peer, FailureCode code, const std::string& sentence) {
  EXPECT_EQ(send_message(peer, Hello{}, soon()), 0);
  EXPECT_EQ(send_message(peer, Failure{static_cast<uint16_t>(code), sentence}, soon()), 0);
}

TEST(AttachTest, SaysThatNobodyAnswers) {
  Finished result = run("true");
  EXPECT_THAT(result.err, StartsWith("labgpu: the server's labgpu service does not answer"));
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(WEXITSTATUS(result.status), 75);
}

TEST(AttachTest, DoesNotWaitForAHelperThatHangs) {
  HelperDouble helper([](int, const Attach&) { pause_ms(11000); });
  Finished result = run("true");
  EXPECT_THAT(result.err, HasSubstr("does not answer"));
  EXPECT_EQ(WEXITSTATUS(result.status), 75);
}

TEST(AttachTest, ShowsWhyTheHelperRefuses) {
  struct Case {
    FailureCode code;
    int status;
  };
  for (Case c : {Case{FailureCode::kVersion, 254}, Case{FailureCode::kNotAllowed, 254},
                 Case{FailureCode::kNoAccount, 254}, Case{FailureCode::kUnavailable, 75},
                 Case{FailureCode::kNotYet, 75}, Case{FailureCode::kSystem, 254}}) {
    HelperDouble helper([&](int peer, const Attach&) {
      answer_failure(peer, c.code, "the image nowhere/x is missing\33[2J 没有\xc2\x9b");
    });
    Finished result = run("true");
    EXPECT_EQ(result.err, "labgpu: the image nowhere/x is missing?[2J 没有\xc2?\n");
    EXPECT_EQ(WEXITSTATUS(result.status), c.status);
  }
}

constexpr Progress kHalfFetched = {.phase = static_cast<uint8_t>(ProgressPhase::kFetching),
                                   .image = "lab/cuda:12\33[2J",
                                   .layers_done = 1,
                                   .layers = 4,
                                   .bytes_done = 50000000,
                                   .bytes = 100000000,
                                   .elapsed_ms = 61000};

// What is left on a screen of one line after all that was written to it.
std::string last_line(const std::string& written) {
  std::string line;
  size_t column = 0;
  for (char c : written) {
    if (c == '\r') {
      column = 0;
    } else if (c == '\n') {
      line.clear();
    } else {
      line.resize(std::max(line.size(), column + 1), ' ');
      line[column++] = c;
    }
  }
  return line.substr(0, line.find_last_not_of(' ') + 1);
}

TEST(AttachTest, ShowsProgressToAPersonOnly) {
  Container container;
  container.start();
  std::string wanted;
  HelperDouble helper([&](int peer, const Attach& attach) {
    EXPECT_EQ(send_message(peer, Hello{}, soon()), 0);
    wanted += std::to_string(attach.wants_progress);
    EXPECT_EQ(send_message(peer, kHalfFetched, soon()), 0);
    HelperDouble::attach(peer, container.connect_as_helper(alice()));
  });
  Finished result = run("echo ok");
  EXPECT_EQ(result.err, "");
  EXPECT_EQ(result.out, "ok\n");
  TerminalSession terminal("echo ok");
  terminal.read_to_end();
  const std::string line =
      "fetching cuda:12?[2J  1/4 layers  [#########..........]  50.0 of 100.0 MB  1:01";
  EXPECT_EQ(terminal.seen(), "\r" + line + "\r" + std::string(line.size(), ' ') + "\rok\r\n");
  EXPECT_EQ(wanted, "01");
}

TEST(AttachTest, ShowsANoticeToAPersonOnlyAndHarmless) {
  Container container;
  container.start();
  HelperDouble helper([&](int peer, const Attach&) {
    EXPECT_EQ(send_message(peer, Hello{}, soon()), 0);
    EXPECT_EQ(send_message(peer, kHalfFetched, soon()), 0);
    EXPECT_EQ(send_message(peer, Notice{.sentence = "it was killed\33[2J"}, soon()), 0);
    HelperDouble::attach(peer, container.connect_as_helper(alice()));
  });
  Finished result = run("echo ok");
  EXPECT_EQ(result.err, "");
  EXPECT_EQ(result.out, "ok\n");
  TerminalSession terminal("echo ok");
  terminal.read_to_end();
  EXPECT_THAT(terminal.seen(), testing::EndsWith("\rlabgpu: it was killed?[2J\r\nok\r\n"));
}

TEST(AttachTest, TheHelperTellsOfAnInitThatIsSilent) {
  int ends[2] = {-1, -1};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
  UniqueFd ours(ends[0]);
  UniqueFd init(ends[1]);
  HelperDouble helper([&](int peer, const Attach&) {
    EXPECT_EQ(send_message(peer, Hello{}, soon()), 0);
    HelperDouble::attach(peer, UniqueFd(dup(init.get())));
    EXPECT_EQ(send_message(peer, kHalfFetched, soon()), 0);
    EXPECT_EQ(send_message(peer, Failure{.code = 5, .sentence = "it is silent"}, soon()), 0);
  });
  Finished result = run("true");
  EXPECT_EQ(result.err, "labgpu: it is silent\n");
  EXPECT_EQ(WEXITSTATUS(result.status), 75);
  unsigned char buffer[kSmallPacket];
  Packet packet;
  EXPECT_NE(receive_raw(ours.get(), buffer, packet, Deadline::after_ms(0)), 0) << "nothing is said";
}

TEST(AttachTest, NothingIsLeftOfTheProgressWhenItFails) {
  HelperDouble helper([&](int peer, const Attach&) {
    EXPECT_EQ(send_message(peer, Hello{}, soon()), 0);
    EXPECT_EQ(send_message(peer, kHalfFetched, soon()), 0);
    EXPECT_EQ(send_message(peer, Failure{.code = 4, .sentence = "no"}, soon()), 0);
  });
  TerminalSession terminal("echo ok");
  terminal.read_to_end();
  ASSERT_THAT(terminal.seen(), testing::EndsWith("labgpu: no\r\n"));
  EXPECT_EQ(last_line(terminal.seen().substr(0, terminal.seen().size() - 2)), "labgpu: no");
  EXPECT_EQ(WEXITSTATUS(terminal.wait()), 75);
}

TEST(AttachTest, WhatIsTypedMeanwhileIsForTheShell) {
  Container container;
  container.start();
  HelperDouble helper([&](int peer, const Attach&) {
    EXPECT_EQ(send_message(peer, Hello{}, soon()), 0);
    EXPECT_EQ(send_message(peer, kHalfFetched, soon()), 0);
    pause_ms(500);
    HelperDouble::attach(peer, container.connect_as_helper(alice()));
  });
  TerminalSession terminal("read word; echo got $word");
  ASSERT_TRUE(terminal.expect("1:01"));
  terminal.type("early\n");
  terminal.read_to_end();
  EXPECT_THAT(terminal.seen(), testing::EndsWith("  \rearly\r\ngot early\r\n"));
  EXPECT_EQ(terminal.seen().find("early"), terminal.seen().rfind("early\r\ngot"));
}

TEST(AttachTest, CtrlCEndsTheWaiting) {
  HelperDouble helper([&](int peer, const Attach&) {
    EXPECT_EQ(send_message(peer, Hello{}, soon()), 0);
    EXPECT_EQ(send_message(peer, kHalfFetched, soon()), 0);
    unsigned char byte;
    EXPECT_EQ(recv(peer, &byte, 1, 0), 0);
  });
  TerminalSession terminal("echo ok");
  ASSERT_TRUE(terminal.expect("1:01"));
  terminal.type("\x03");
  int status = terminal.wait();
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
  terminal.read_to_end();
  EXPECT_THAT(terminal.seen(),
              testing::EndsWith("1:01\r\nlabgpu: the work goes on; log in again later\r\n"));
}

TEST(AttachTest, KnowsItsWaysOfBeingCalled) {
  Finished result = PipeSession({"labgpu-session", "--help"}).finish();
  EXPECT_THAT(result.err, HasSubstr("usage"));
  EXPECT_EQ(WEXITSTATUS(result.status), 254);
}

}  // namespace
}  // namespace labgpu::login_test
