// Sessions at a terminal: the container's own pty, relayed to the one that sshd made.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <termios.h>

#include <cstring>

#include "tests/module/login/container.h"
#include "tests/module/login/helper_double.h"
#include "tests/module/login/session_process.h"
#include "tests/module/login/test_world.h"

namespace labgpu::login_test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

class TerminalTest : public testing::Test {
 protected:
  void SetUp() override { container_.start(); }
  Container container_;
  HelperDouble helper_{container_};
};

bool exited_with(int status, int value) {
  return WIFEXITED(status) && WEXITSTATUS(status) == value;
}

TEST_F(TerminalTest, IsOneOfTheContainers) {
  TerminalSession session("tty; echo $SSH_TTY; stty size; stat -c '%U %G %a' $(tty)");
  session.read_to_end();
  EXPECT_EQ(session.seen(), "/dev/pts/0\r\n/dev/pts/0\r\n24 80\r\nalice tty 620\r\n");
  EXPECT_TRUE(exited_with(session.wait(), 0));
}

TEST_F(TerminalTest, GivesTheWholeOutputAlsoOfCommandsThatEndAtOnce) {
  for (int i = 0; i < 100; ++i) {
    TerminalSession session("echo first; echo -n last" + std::to_string(i));
    session.read_to_end();
    EXPECT_EQ(session.seen(), "first\r\nlast" + std::to_string(i));
    EXPECT_TRUE(exited_with(session.wait(), 0));
  }
}

TEST_F(TerminalTest, GivesAFloodToASlowReader) {
  TerminalSession session("seq 1 200000; exit 5");
  pause_ms(300);  // every queue on the way is full
  session.read_to_end();
  std::string expected;
  for (int i = 1; i <= 200000; ++i) expected += std::to_string(i) + "\r\n";
  EXPECT_EQ(session.seen().size(), expected.size());
  EXPECT_TRUE(session.seen() == expected);
  EXPECT_TRUE(exited_with(session.wait(), 5));
}

TEST_F(TerminalTest, TakesALotOfInput) {
  TerminalSession session("stty raw -echo; echo ready; head -c 1000000 | cksum");
  ASSERT_TRUE(session.expect("ready"));
  session.type(std::string(1000000, 'x'));
  // cksum(1) of a million x.
  ASSERT_TRUE(session.expect("1000000"));
  FILE* expected = popen("head -c 1000000 /dev/zero | tr '\\0' x | cksum", "r");
  char line[64] = {};
  ASSERT_NE(fgets(line, sizeof line, expected), nullptr);
  pclose(expected);
  EXPECT_THAT(session.seen(), HasSubstr(line));
  EXPECT_TRUE(exited_with(session.wait(), 0));
}

TEST_F(TerminalTest, FollowsAResize) {
  // bash does not run a trap for a signal that arrives while that trap runs, so it only notes it.
  TerminalSession session(
      "trap 'changed=1' WINCH; echo ready; "
      "while :; do [ $changed ] && changed= && stty size; sleep 0.05; done");
  ASSERT_TRUE(session.expect("ready"));
  session.resize(50, 132);
  EXPECT_TRUE(session.expect("50 132\r\n"));
  session.resize(10, 20);
  EXPECT_TRUE(session.expect("10 20\r\n"));
}

TEST_F(TerminalTest, AResizeDuringTheStartIsNotLost) {
  for (int i = 0; i < 20; ++i) {
    TerminalSession session("sleep 0.1; stty size");
    pause_ms(i);
    session.resize(33, 77);
    session.read_to_end();
    EXPECT_EQ(session.seen(), "33 77\r\n");
  }
}

TEST_F(TerminalTest, CtrlCReachesTheForeground) {
  TerminalSession session("echo ready; exec sleep 30");
  ASSERT_TRUE(session.expect("ready"));
  session.type("\x03");
  int status = session.wait();
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
}

TEST_F(TerminalTest, IsAnInteractiveLoginShell) {
  TerminalSession session(std::nullopt);
  session.type("echo name=$0 flags=$-\n");
  EXPECT_TRUE(session.expect("name=-bash flags=himB"));
  session.type("sleep 0.1 & fg\nexit 7\n");
  EXPECT_TRUE(session.expect("logout"));
  EXPECT_TRUE(exited_with(session.wait(), 7));
}

// As a client asks for them: sshd sets them before it runs anything.
termios unusual_modes() {
  termios modes{};
  modes.c_iflag = ICRNL | IXON;
  modes.c_oflag = OPOST | ONLCR;
  modes.c_cflag = CS8 | CREAD;
  modes.c_lflag = ISIG | ICANON | ECHO | ECHOE;
  modes.c_cc[VINTR] = 'X' - '@';
  modes.c_cc[VEOF] = 'Y' - '@';
  cfsetspeed(&modes, B9600);
  return modes;
}

TEST_F(TerminalTest, HasTheModesOfTheClientsTerminal) {
  termios modes = unusual_modes();
  TerminalSession session("stty -a", &modes);
  session.read_to_end();
  for (const char* part :
       {"speed 9600 baud", "intr = ^X", "eof = ^Y", " -ixany", " -iexten", " -echok", "-echoctl"}) {
    EXPECT_THAT(session.seen(), HasSubstr(part));
  }
}

TEST_F(TerminalTest, PutsTheClientsTerminalBack) {
  for (const char* command : {"true", "kill -9 $$", "stty raw -echo; exit 3"}) {
    termios modes = unusual_modes();
    TerminalSession session(command, &modes);
    session.wait();
    termios after{};
    ASSERT_EQ(tcgetattr(session.master.get(), &after), 0);
    EXPECT_EQ(after.c_iflag, modes.c_iflag) << command;
    EXPECT_EQ(after.c_oflag, modes.c_oflag) << command;
    EXPECT_EQ(after.c_lflag, modes.c_lflag) << command;
    EXPECT_EQ(after.c_cc[VINTR], modes.c_cc[VINTR]) << command;
  }
}

TEST_F(TerminalTest, AHangUpReachesTheForegroundAndNotWhoIgnoresIt) {
  // The background job ignores the signal from its first moment on.
  TerminalSession session(
      "trap '' HUP; sleep 31.5 >/dev/null 2>&1 & trap 'echo hup > /tmp/seen; exit' HUP; "
      "echo ready; while :; do sleep 0.05; done");
  ASSERT_TRUE(session.expect("ready"));
  session.hang_up();
  session.wait();
  EXPECT_TRUE(eventually([&] { return read_file(container_.path("/tmp/seen")) == "hup\n"; }));
  EXPECT_EQ(container_.processes_with("31.5").size(), 1U);
}

TEST_F(TerminalTest, EndsWithItsCommandThoughABackgroundJobLives) {
  TerminalSession session("trap '' HUP; sleep 31.6 & echo gone; exit 2");
  session.read_to_end();
  EXPECT_THAT(session.seen(), EndsWith("gone\r\n"));
  EXPECT_TRUE(exited_with(session.wait(), 2));
  EXPECT_EQ(container_.processes_with("31.6").size(), 1U);
}

TEST_F(TerminalTest, WaitsForACommandThatLetsItsTerminalGo) {
  TerminalSession session("exec </dev/null >/dev/null 2>&1; sleep 0.5; exit 6");
  EXPECT_TRUE(exited_with(session.wait(), 6));
}

TEST_F(TerminalTest, FailsClearlyWithoutPseudoTerminals) {
  ASSERT_EQ(unlink(container_.path("/dev/ptmx").c_str()), 0);
  TerminalSession session("true");
  session.read_to_end();
  EXPECT_EQ(session.seen(),
            "labgpu: cannot open a terminal in the container: No such file or directory\r\n");
  EXPECT_TRUE(exited_with(session.wait(), 254));
}

}  // namespace
}  // namespace labgpu::login_test
