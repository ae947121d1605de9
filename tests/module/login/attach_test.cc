// What labgpu-session does before and without a container: helpers that refuse, wait, lie or are
// not there, and inits that are not ours.
#include <fcntl.h>
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

// A container whose init was replaced: plays `script` on its end of the connection.
struct FakeInit {
  explicit FakeInit(std::function<void(int session)> script)
      : helper([script = std::move(script)](int peer, const Attach&) {
          int ends[2];
          EXPECT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
          UniqueFd own(ends[0]);
          EXPECT_EQ(send_message(peer, Hello{}, soon()), 0);
          HelperDouble::attach(peer, UniqueFd(ends[1]));
          script(own.get());
        }) {}
  HelperDouble helper;
};

void say_hello_and_take_start(int session) {
  std::vector<unsigned char> buffer(kMaxPacket);
  Packet packet;
  Failure failure;
  Start start;
  EXPECT_EQ(send_message(session, Hello{}, soon()), 0);
  EXPECT_EQ(receive_message(session, buffer, packet, start, failure, soon()), 0);
}

void send_bytes(int session, const std::string& bytes) {
  EXPECT_EQ(send(session, bytes.data(), bytes.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(bytes.size()));
}

void send_started_with(int session, const char* file, size_t count) {
  UniqueFd fd(open(file, O_RDWR | O_CLOEXEC | O_NOCTTY));
  const int fds[] = {fd.get(), fd.get(), fd.get()};
  const unsigned char terminal = 1;
  EXPECT_EQ(
      send_raw(session, MessageType::kStarted, Bytes(&terminal, 1), std::span(fds, count), soon()),
      0);
  pause_ms(100);
}

TEST(HostileInitTest, WithoutATerminal) {
  const std::function<void(int)> scripts[] = {
      [](int) {},
      [](int session) { send_bytes(session, "x"); },
      [](int session) { send_bytes(session, std::string(kMaxPacket + 100, '\0')); },
      [](int session) { send_bytes(session, std::string("\53\0\0\0", 4)); },  // Exited first
      [](int session) { say_hello_and_take_start(session); },
      [](int session) {
        say_hello_and_take_start(session);
        send_bytes(session, std::string("\52\0", 2));  // half a Started
      },
      [](int session) {
        say_hello_and_take_start(session);
        send_started_with(session, "/dev/null", 1);  // a terminal nobody asked for
      },
      [](int session) {
        say_hello_and_take_start(session);
        EXPECT_EQ(send_message(session, Started{}, soon()), 0);
        send_bytes(session, std::string("\53\0\0", 3));  // half an Exited
      },
      [](int session) {
        say_hello_and_take_start(session);
        EXPECT_EQ(send_message(session, Started{}, soon()), 0);
        EXPECT_EQ(send_message(session, Hello{}, soon()), 0);
      }};
  int number = 0;
  for (const auto& script : scripts) {
    FakeInit init(script);
    Finished result = run("true");
    EXPECT_TRUE(WIFEXITED(result.status) && WEXITSTATUS(result.status) == 255) << number;
    EXPECT_EQ(result.out, "") << number;
    ++number;
  }
}

TEST(HostileInitTest, FilesThatAreNoTerminal) {
  for (const char* file : {"/dev/null", "/dev/zero", "/proc/self/mem", "/dev/full"}) {
    FakeInit init([&](int session) {
      say_hello_and_take_start(session);
      send_started_with(session, file, 1);
    });
    TerminalSession session("true");
    session.read_to_end();
    EXPECT_EQ(session.seen(),
              "labgpu: the container does not start the command: Protocol error\r\n")
        << file;
    EXPECT_EQ(WEXITSTATUS(session.wait()), 255) << file;
  }
}

TEST(HostileInitTest, AnotherVersionAndAForgedSentence) {
  {
    FakeInit init([](int session) {
      EXPECT_EQ(send_message(session, Hello{.version = 7}, soon()), 0);
      pause_ms(100);
    });
    Finished result = run("true");
    EXPECT_THAT(result.err, HasSubstr("another version of labgpu"));
    EXPECT_EQ(WEXITSTATUS(result.status), 254);
  }
  FakeInit init([](int session) {
    answer_failure(session, FailureCode::kSystem, "no\r\nalice@host's password: \33]0;x\7");
    pause_ms(100);
  });
  EXPECT_EQ(run("true").err, "labgpu: no??alice@host's password: ?]0;x?\n");
}

TEST(HostileInitTest, ASignalThatWouldStopTheSession) {
  FakeInit init([](int session) {
    say_hello_and_take_start(session);
    EXPECT_EQ(send_message(session, Started{}, soon()), 0);
    EXPECT_EQ(send_message(session, Exited{.by_signal = 1, .value = SIGSTOP}, soon()), 0);
    pause_ms(100);
  });
  EXPECT_EQ(WEXITSTATUS(run("true").status), 128 + SIGSTOP);
}

TEST(AttachTest, CannotGainRights) {
  Container container;
  container.start();
  HelperDouble helper(container);
  PipeSession session(arguments_for("echo up; exec sleep 35.1"));
  char text[3];
  ASSERT_EQ(read(session.out.get(), text, sizeof text), 3);
  std::string process = "/proc/" + std::to_string(session.pid());
  EXPECT_THAT(read_file(process + "/status"), HasSubstr("NoNewPrivs:\t1\n"));
  EXPECT_THAT(read_file(process + "/limits"), testing::ContainsRegex("core file size +0 +0"));
}

}  // namespace
}  // namespace labgpu::login_test
