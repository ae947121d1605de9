// What an init may say that is not ours: whatever it is, the session command ends with an error, in
// time, and leaves nothing behind.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <atomic>
#include <chrono>

#include "tests/module/login/fake_init.h"
#include "tests/module/login/session_process.h"
#include "tests/module/login/test_world.h"

namespace labgpu::login_test {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

// SCM_MAX_FD of the kernel (include/net/scm.h).
constexpr size_t kMostInAPacket = 253;

std::string hello() { return std::string("\1\0\1\0", 4); }
std::string started() { return std::string("\52\0\0", 3); }
std::string exited() { return std::string("\53\0\0\0", 4); }

struct Case {
  const char* what;
  std::function<void(int session)> script;
};

// After which the user can still be told.
std::vector<Case> wrong_before_the_command_runs(int file) {
  return {
      {"nothing", [](int) {}},
      {"half a type", [](int session) { send_packet(session, "x"); }},
      {"half a Hello", [](int session) { send_packet(session, hello().substr(0, 3)); }},
      {"more than a Hello", [](int session) { send_packet(session, hello() + "x"); }},
      {"noise", [](int session) { send_packet(session, std::string(kMaxPacket - 1, '\377')); }},
      {"too large", [](int session) { send_packet(session, std::string(kMaxPacket + 100, '\0')); }},
      {"Started first", [](int session) { send_packet(session, started()); }},
      {"Exited first", [](int session) { send_packet(session, exited()); }},
      {"a Start", [](int session) { send_packet(session, std::string("\51\0", 2)); }},
      {"an Attached with its descriptor",
       [file](int session) { send_packet(session, std::string("\26\0", 2), {file}); }},
      {"a Hello with a descriptor", [file](int session) { send_packet(session, hello(), {file}); }},
      {"half a Failure",
       [](int session) { send_packet(session, std::string("\2\0\1\0\5\0\0\0x", 9)); }},
      {"a Failure with a NUL in it",
       [](int session) { send_packet(session, std::string("\2\0\1\0\2\0\0\0x\0", 10)); }},
      {"no answer to Start", say_hello_and_take_start},
      {"hung up with Start unread", [](int session) { send_packet(session, hello()); }},
      {"Hello again",
       [](int session) {
         say_hello_and_take_start(session);
         send_packet(session, hello());
       }},
      {"half a Started",
       [](int session) {
         say_hello_and_take_start(session);
         send_packet(session, started().substr(0, 2));
       }},
      {"Exited at once",
       [](int session) {
         say_hello_and_take_start(session);
         send_packet(session, exited());
       }},
      {"as many descriptors as can be",
       [file](int session) {
         say_hello_and_take_start(session);
         send_packet(session, started(), std::vector<int>(kMostInAPacket, file));
       }},
      {"one descriptor more than any message has",
       [file](int session) {
         say_hello_and_take_start(session);
         send_packet(session, std::string("\52\0\1", 3), std::vector<int>(kMaxFds + 1, file));
       }},
      {"a flood", [](int session) {
         while (send_packet(session, hello())) {
         }
       }}};
}

// Without a terminal, after which nobody can be told.
std::vector<Case> wrong_while_the_command_runs(int file) {
  return {
      {"the end", [](int) {}},
      {"half an Exited", [](int session) { send_packet(session, exited().substr(0, 3)); }},
      {"Started again", [](int session) { send_packet(session, started()); }},
      {"Exited with a descriptor", [file](int session) { send_packet(session, exited(), {file}); }},
      {"a Failure", [](int session) { send_packet(session, std::string("\2\0\1\0\0\0\0\0", 8)); }},
      {"larger than an Exited is",
       [](int session) { send_packet(session, std::string(100000, '\53')); }},
      {"a flood", [](int session) {
         while (send_packet(session, started())) {
         }
       }}};
}

class HostileInitTest : public testing::Test {
 protected:
  void TearDown() override {
    EXPECT_EQ(processes_of_user(), 0) << "a process of the user's is still there";
  }
  UniqueFd file_{open("/etc/passwd", O_RDONLY | O_CLOEXEC)};
};

TEST_F(HostileInitTest, WithoutATerminal) {
  for (const Case& wrong : wrong_before_the_command_runs(file_.get())) {
    SCOPED_TRACE(wrong.what);
    FakeInit init(wrong.script);
    Finished result = run("true");
    EXPECT_TRUE(WIFEXITED(result.status) && WEXITSTATUS(result.status) == 255) << result.status;
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.err, MatchesRegex("labgpu: the container does not [a-z ]*: [A-Za-z ]*\n"));
  }
}

TEST_F(HostileInitTest, WithATerminal) {
  for (const Case& wrong : wrong_before_the_command_runs(file_.get())) {
    SCOPED_TRACE(wrong.what);
    FakeInit init(wrong.script);
    TerminalSession session("true");
    int status = session.wait();
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 255) << status;
    EXPECT_TRUE(session.modes_are_as_before());
    session.read_to_end();
    EXPECT_THAT(session.seen(),
                MatchesRegex("labgpu: the container does not [a-z ]*: [A-Za-z ]*\r\n"));
  }
}

TEST_F(HostileInitTest, WhileACommandRuns) {
  for (const Case& wrong : wrong_while_the_command_runs(file_.get())) {
    SCOPED_TRACE(wrong.what);
    FakeInit init([&](int session) {
      say_hello_and_take_start(session);
      say_started(session);
      wrong.script(session);
    });
    Finished result = run("true");
    EXPECT_TRUE(WIFEXITED(result.status) && WEXITSTATUS(result.status) == 255) << result.status;
    EXPECT_EQ(result.out + result.err, "");
  }
}

TEST_F(HostileInitTest, SilenceHasAnEnd) {
  std::atomic<int> turn = 0;
  FakeInit init(
      [&](int session) {
        if (turn++ > 0) say_hello_and_take_start(session);
      },
      FakeInit::Then::kIsSilent);
  auto begin = std::chrono::steady_clock::now();
  PipeSession before_hello(arguments_for("true"));
  ASSERT_TRUE(eventually([&] { return turn == 1; }));
  PipeSession before_started(arguments_for("true"));
  TerminalSession at_a_terminal("true");
  for (PipeSession* session : {&before_hello, &before_started}) {
    EXPECT_EQ(WEXITSTATUS(session->wait(40)), 255);
    EXPECT_THAT(session->finish_reading().err, HasSubstr("timed out"));
  }
  EXPECT_EQ(WEXITSTATUS(at_a_terminal.wait(40)), 255);
  EXPECT_TRUE(at_a_terminal.modes_are_as_before());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(40));
}

TEST_F(HostileInitTest, AnotherVersion) {
  FakeInit init([](int session) { send_packet(session, std::string("\1\0\7\0", 4)); });
  Finished result = run("true");
  EXPECT_THAT(result.err, HasSubstr("another version of labgpu"));
  EXPECT_EQ(WEXITSTATUS(result.status), 254);
}

std::string failure(const std::string& sentence) {
  auto size = static_cast<uint32_t>(sentence.size());
  std::string packet("\2\0\1\0", 4);
  for (int shift = 0; shift < 32; shift += 8) packet += static_cast<char>(size >> shift);
  return packet + sentence;
}

TEST_F(HostileInitTest, ASentenceIsOneLineWithoutControls) {
  FakeInit init([](int session) {
    send_packet(session, failure("no\r\nalice's password: \33]0;x\7 \xc2\x9b"
                                 "2J"));
  });
  EXPECT_EQ(run("true").err, "labgpu: no??alice's password: ?]0;x? \xc2?2J\n");
}

TEST_F(HostileInitTest, ASentenceIsNotEndless) {
  FakeInit init([](int session) { send_packet(session, failure(std::string(150000, 'a'))); });
  Finished result = run("true");
  EXPECT_EQ(result.err, "labgpu: " + std::string(4000, 'a') + "\n");
  EXPECT_EQ(WEXITSTATUS(result.status), 254);
}

// Those that are no signals, or would stop the session instead of ending it.
TEST_F(HostileInitTest, EndingsThatNoCommandHas) {
  struct Odd {
    Exited exited;
    int status;
  };
  for (Odd odd :
       {Odd{{.by_signal = 1, .value = SIGSTOP}, 128 + SIGSTOP},
        Odd{{.by_signal = 1, .value = SIGTSTP}, 128 + SIGTSTP},
        Odd{{.by_signal = 1, .value = SIGCONT}, 128 + SIGCONT},
        Odd{{.by_signal = 1, .value = 0}, 128}, Odd{{.by_signal = 1, .value = 65}, 193},
        Odd{{.by_signal = 2, .value = 9}, 9}, Odd{{.by_signal = 255, .value = 255}, 255}}) {
    FakeInit init([&](int session) {
      say_hello_and_take_start(session);
      say_started(session);
      say_exited(session, odd.exited);
    });
    int status = run("true").status;
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == odd.status) << int{odd.exited.value};
  }
}

// Signals that nobody takes: the session goes on and ends with its container.
TEST_F(HostileInitTest, NeverReads) {
  std::atomic<bool> runs = false;
  std::atomic<bool> over = false;
  FakeInit init([&](int session) {
    say_hello_and_take_start(session);
    say_started(session);
    runs = true;
    eventually([&] { return over.load(); });
  });
  PipeSession session(arguments_for("true"));
  ASSERT_TRUE(eventually([&] { return runs.load(); }));
  for (int i = 0; i < 3000; ++i) kill(session.pid(), i % 2 == 0 ? SIGUSR1 : SIGTERM);
  over = true;
  EXPECT_EQ(WEXITSTATUS(session.wait()), 255);
}

}  // namespace
}  // namespace labgpu::login_test
