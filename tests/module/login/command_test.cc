// Commands without a terminal: who they run as, what they see, and what the client sees of them.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>
#include <sstream>

#include "common/paths.h"
#include "tests/module/login/container.h"
#include "tests/module/login/helper_double.h"
#include "tests/module/login/session_process.h"
#include "tests/module/login/test_world.h"

namespace labgpu::login_test {
namespace {

using testing::HasSubstr;

class CommandTest : public testing::Test {
 protected:
  void SetUp() override { container_.start(); }
  Container container_;
  HelperDouble helper_{container_};
};

bool exited_with(int status, int value) {
  return WIFEXITED(status) && WEXITSTATUS(status) == value;
}

std::string random_bytes(size_t size) {
  std::mt19937_64 random(size);
  std::string bytes(size, '\0');
  for (size_t i = 0; i + 8 <= size; i += 8) {
    uint64_t word = random();
    memcpy(bytes.data() + i, &word, sizeof word);
  }
  return bytes;
}

TEST_F(CommandTest, RunsAsTheAccountInItsHome) {
  Finished result = run("id -un; id -u; id -gn; id -g; id -G; pwd; umask; ulimit -c");
  EXPECT_EQ(result.out.substr(0, result.out.rfind('\n', result.out.size() - 2) + 1),
            "alice\n20001\nalice\n20001\n20001 44\n/home/alice\n0022\n");
  EXPECT_EQ(result.err, "");
  EXPECT_TRUE(exited_with(result.status, 0));
}

TEST_F(CommandTest, HasTheUmaskOfTheLogin) {
  for (const char* wanted : {"0002", "0027", "0077", "0000"}) {
    mode_t before = umask(static_cast<mode_t>(std::stoul(wanted, nullptr, 8)));
    Finished result = run("umask");
    umask(before);
    EXPECT_EQ(result.out, std::string(wanted) + "\n");
  }
}

TEST_F(CommandTest, SeesTheImagesEnvironmentAndTheClientsAndNothingOfTheHost) {
  write_file(container_.path("/etc/environment"), "FROM_FILE=\"yes\"\nPATH=/wrong\n");
  std::istringstream lines(run("env").out);
  std::vector<std::string> found;
  for (std::string line; std::getline(lines, line);) found.push_back(line);
  EXPECT_THAT(found, testing::UnorderedElementsAre(
                         "PATH=/opt/image/bin:/usr/local/bin:/usr/bin:/bin", "IMAGE_SAYS=hello",
                         "FROM_FILE=yes", "HOME=/home/alice", "USER=alice", "LOGNAME=alice",
                         "SHELL=/bin/bash", "LANG=C.UTF-8", "TERM=xterm", "PWD=/home/alice",
                         "SHLVL=0", "_=/usr/bin/env"));
}

TEST_F(CommandTest, IsStartedTheWaySshdDoes) {
  EXPECT_EQ(run("echo $0; cat /proc/$$/cmdline | tr '\\0' '|'").out,
            "bash\nbash|-c|echo $0; cat /proc/$$/cmdline | tr '\\0' '|'|");
  // Its own session; standard signals; no descriptor but the three, and the listing's own.
  EXPECT_EQ(run("set -- $(cat /proc/self/stat); [ $5 = $6 ] && echo leader; "
                "cat /proc/self/status | grep -E 'Sig(Blk|Ign|Cgt)' | cut -f2; "
                "ls /proc/self/fd | wc -l")
                .out,
            "leader\n0000000000000000\n0000000000000000\n0000000000000000\n4\n");
}

TEST_F(CommandTest, ALoginShellWithoutATerminalReadsItsInput) {
  Finished result = PipeSession(arguments_for(std::nullopt)).finish("echo $0\nexit 3\n");
  EXPECT_EQ(result.out, "-bash\n");
  EXPECT_TRUE(exited_with(result.status, 3));
}

TEST_F(CommandTest, TheForcedCommandTakesWhatTheClientAskedFor) {
  Finished result = PipeSession(arguments_for(kSessionCommand),
                                {"SSH_ORIGINAL_COMMAND=echo $SSH_ORIGINAL_COMMAND; exit 4"})
                        .finish();
  EXPECT_EQ(result.out, "\n");
  EXPECT_TRUE(exited_with(result.status, 4));
}

TEST_F(CommandTest, GivesEveryExitStatus) {
  for (int value = 0; value < 256; ++value) {
    EXPECT_TRUE(exited_with(run("exit " + std::to_string(value)).status, value)) << value;
  }
}

TEST_F(CommandTest, DiesOfTheCommandsSignal) {
  for (int number : {SIGHUP, SIGINT, SIGQUIT, SIGKILL, SIGTERM, SIGSEGV, SIGUSR1, SIGPIPE}) {
    // Not bash, which ignores SIGQUIT.
    int status = run("exec dash -c 'kill -" + std::to_string(number) + " $$'").status;
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == number) << number;
  }
}

TEST_F(CommandTest, KeepsStdoutAndStderrApart) {
  Finished result = run("echo out; echo err >&2");
  EXPECT_EQ(result.out, "out\n");
  EXPECT_EQ(result.err, "err\n");
}

TEST_F(CommandTest, ReadsStdinToItsEnd) {
  EXPECT_EQ(run("wc -c", std::string(100000, 'x')).out, "100000\n");
  EXPECT_EQ(run("cat; echo end").out, "end\n");
}

TEST_F(CommandTest, CarriesAnyBytesBothWays) {
  std::string sent = random_bytes(size_t{64} * 1024 * 1024);
  Finished result = run("cat", sent);
  EXPECT_EQ(result.out.size(), sent.size());
  EXPECT_TRUE(result.out == sent);
}

TEST_F(CommandTest, TakesALongCommand) {
  EXPECT_EQ(run(": " + std::string(120000, 'x') + "; echo whole").out, "whole\n");
}

TEST_F(CommandTest, TheClientSeesEndOfFileWhenTheCommandClosesItsOutput) {
  PipeSession session(arguments_for("exec >&- 2>&-; sleep 30"));
  char byte;
  EXPECT_EQ(read(session.out.get(), &byte, 1), 0);
  EXPECT_EQ(read(session.err.get(), &byte, 1), 0);
  EXPECT_EQ(kill(session.pid(), 0), 0);
  EXPECT_EQ(waitpid(session.pid(), nullptr, WNOHANG), 0);
}

TEST_F(CommandTest, TheCommandSeesThatItsReaderIsGone) {
  PipeSession session(arguments_for("exec cat /dev/zero"));
  char byte;
  ASSERT_EQ(read(session.out.get(), &byte, 1), 1);
  session.out.reset();
  int status = session.wait();
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE);
}

TEST_F(CommandTest, EndsWithTheCommandThoughAnotherHoldsItsOutput) {
  PipeSession session(arguments_for("sleep 30 & echo started"));
  EXPECT_TRUE(exited_with(session.wait(), 0));
  pollfd waited{.fd = session.out.get(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(poll(&waited, 1, 0), 1);
  EXPECT_EQ(waited.revents, POLLIN);  // no hang-up: the background job lives
}

TEST_F(CommandTest, PassesSignalsOn) {
  PipeSession session(
      arguments_for("trap 'echo got; exit 9' TERM; echo ready; while :; do sleep 0.05; done"));
  char text[6];
  ASSERT_EQ(read(session.out.get(), text, sizeof text), 6);
  kill(session.pid(), SIGTERM);
  Finished result = session.finish();
  EXPECT_EQ(result.out, "got\n");
  EXPECT_TRUE(exited_with(result.status, 9));
}

TEST_F(CommandTest, GoesOnWhenTheSessionIsKilled) {
  PipeSession session(arguments_for("exec sleep 31.4"));
  ASSERT_TRUE(eventually([&] { return container_.processes_with("31.4").size() == 1; }));
  kill(session.pid(), SIGKILL);
  session.wait();
  pause_ms(100);
  EXPECT_EQ(container_.processes_with("31.4").size(), 1U);
  EXPECT_TRUE(exited_with(run("true").status, 0));
}

TEST_F(CommandTest, SaysWhatSshdSaysWithoutAHome) {
  rmdir(container_.path(kHome).c_str());
  Finished result = run("pwd");
  EXPECT_EQ(result.err,
            "Could not chdir to home directory /home/alice: No such file or directory\n");
  EXPECT_EQ(result.out, "/\n");
}

TEST_F(CommandTest, SaysWhatSshdSaysWithoutAShell) {
  write_file(container_.path("/etc/passwd"), "alice:*:20001:20001::/home/alice:/bin/nosh\n");
  Finished result = run("true");
  EXPECT_EQ(result.err, "/bin/nosh: No such file or directory\n");
  EXPECT_TRUE(exited_with(result.status, 1));
}

TEST(SftpTest, SaysWhatToInstallWhereThereIsNoServer) {
  Container container;
  for (const char* server :
       {"/usr/lib/openssh/sftp-server", "/usr/libexec/openssh/sftp-server",
        "/usr/lib/ssh/sftp-server", "/usr/lib/sftp-server", "/usr/libexec/sftp-server"}) {
    container.hide(server);
  }
  container.start();
  HelperDouble helper(container);
  Finished result = run("internal-sftp");
  EXPECT_THAT(result.err, HasSubstr("install openssh-sftp-server"));
  EXPECT_TRUE(exited_with(result.status, 127));
}

TEST_F(CommandTest, ManyAtOnce) {
  std::vector<std::unique_ptr<PipeSession>> sessions;
  sessions.reserve(40);
  for (int i = 0; i < 40; ++i) {
    sessions.push_back(
        std::make_unique<PipeSession>(arguments_for("read x; echo $x; exit " + std::to_string(i))));
  }
  for (int i = 0; i < 40; ++i) {
    Finished result = sessions[static_cast<size_t>(i)]->finish("hello\n");
    EXPECT_EQ(result.out, "hello\n");
    EXPECT_TRUE(exited_with(result.status, i));
  }
}

}  // namespace
}  // namespace labgpu::login_test
