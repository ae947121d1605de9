// Init as PID 1: it reaps, keeps nothing, stops in time, and does not end otherwise.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
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

class LifecycleTest : public testing::Test {
 protected:
  void SetUp() override { container_.start(); }
  Container container_;
  HelperDouble helper_{container_};
};

TEST_F(LifecycleTest, StopsAtOnceWhenNothingRuns) {
  for (int signal : {SIGTERM, SIGINT, SIGPWR, SIGRTMIN + 3}) {
    Container container;
    container.start();
    Container::Stopped stopped = container.stop(signal);
    EXPECT_EQ(stopped.status, 0) << signal;
    EXPECT_LT(stopped.seconds, 1.0) << signal;
  }
}

TEST_F(LifecycleTest, StopsCommandsAndShellsAndTheirSessionsHearOfIt) {
  PipeSession command(arguments_for("exec sleep 32.1"));
  PipeSession stopped_command(arguments_for("kill -STOP $$; exec sleep 32.2"));
  TerminalSession shell(std::nullopt);
  shell.type("echo $((40 + 2))\n");
  ASSERT_TRUE(shell.expect("42"));
  // What starts while init stops is only ended when its time is up.
  ASSERT_TRUE(eventually([&] { return container_.processes_with("32.1").size() == 1; }));
  ASSERT_TRUE(eventually([&] { return container_.has_stopped("32.2"); }));
  Container::Stopped stopped = container_.stop(SIGTERM);
  EXPECT_EQ(stopped.status, 0);
  EXPECT_LT(stopped.seconds, 2.0);
  int status = command.wait();
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
  EXPECT_TRUE(WIFSIGNALED(stopped_command.wait()));
  shell.read_to_end();
  shell.wait();
}

TEST_F(LifecycleTest, HangsUpAgainForShellsThatMissedIt) {
  PipeSession command(
      arguments_for("trap '' TERM; trap 'trap - HUP' HUP; echo ready; while :; do sleep .1; done"));
  char text[6];
  ASSERT_EQ(read(command.out.get(), text, sizeof text), 6);
  Container::Stopped stopped = container_.stop(SIGTERM);
  EXPECT_EQ(stopped.status, 0);
  EXPECT_LT(stopped.seconds, 5.0);
  int status = command.wait();
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGHUP);
}

TEST_F(LifecycleTest, StopsWithinTenSecondsWhateverProcessesIgnore) {
  PipeSession command(arguments_for("trap '' TERM HUP INT; echo ready; while :; do sleep 1; done"));
  char text[6];
  ASSERT_EQ(read(command.out.get(), text, sizeof text), 6);
  Container::Stopped stopped = container_.stop(SIGTERM);
  EXPECT_EQ(stopped.status, 0);
  EXPECT_GT(stopped.seconds, 7.0);  // it was given its time
  EXPECT_LT(stopped.seconds, 10.0);
  int status = command.wait();
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

// As when a container is frozen right after init's first word.
TEST_F(LifecycleTest, StartsNothingForASessionThatHasGone) {
  UniqueFd init = container_.connect_as_helper(alice());
  pollfd waited{.fd = init.get(), .events = POLLIN, .revents = 0};
  ASSERT_EQ(poll(&waited, 1, 5000), 1);
  ASSERT_EQ(kill(container_.init_pid(), SIGSTOP), 0);
  Start start;
  start.command = "touch /tmp/ran";
  UniqueFd nothing(open("/dev/null", O_RDWR | O_CLOEXEC));
  const int stdio[] = {nothing.get(), nothing.get(), nothing.get()};
  unsigned char buffer[kSmallPacket];
  ASSERT_EQ(send_message(init.get(), start, buffer, Deadline::after_ms(0), stdio), 0);
  init.reset();
  ASSERT_EQ(kill(container_.init_pid(), SIGCONT), 0);
  // Whatever it starts for others is there after it has looked at this one.
  EXPECT_EQ(run("sleep 0.5; ls /tmp").out, "");
}

TEST_F(LifecycleTest, OtherSignalsDoNotEndIt) {
  for (int signal : {SIGHUP, SIGUSR1, SIGUSR2, SIGALRM, SIGPIPE, SIGQUIT, SIGRTMIN}) {
    kill(container_.init_pid(), signal);
  }
  pause_ms(50);
  EXPECT_TRUE(container_.is_running());
  EXPECT_EQ(run("echo well").out, "well\n");
}

TEST_F(LifecycleTest, ReapsOrphans) {
  run("for i in $(seq 300); do (sleep 0.1 &); done");
  EXPECT_TRUE(eventually(
      [&] { return container_.processes_with("sleep").empty() && container_.zombies() == 0; }));
}

TEST_F(LifecycleTest, KeepsNoDescriptors) {
  run("true");
  TerminalSession("true").wait();
  ASSERT_TRUE(eventually([&] { return container_.processes_with("bash").empty(); }));
  int before = container_.open_descriptors();
  for (int i = 0; i < 100; ++i) {
    run("true");
    TerminalSession session("true");
    session.read_to_end();
    session.wait();
  }
  EXPECT_TRUE(eventually([&] { return container_.open_descriptors() == before; }))
      << container_.open_descriptors() << " after " << before;
}

TEST_F(LifecycleTest, StartsOverTheSocketOfItsLastRun) {
  container_.stop(SIGKILL);
  ASSERT_TRUE(exists(container_.path(kGuestInitSocket)));
  container_.start();
  EXPECT_EQ(run("echo again").out, "again\n");
}

TEST_F(LifecycleTest, ASessionSeesThatItsContainerDied) {
  PipeSession pipes(arguments_for("exec sleep 33.1"));
  TerminalSession terminal("exec sleep 33.2");
  ASSERT_TRUE(eventually([&] { return container_.processes_with("33.").size() == 2; }));
  container_.stop(SIGKILL);
  EXPECT_EQ(WEXITSTATUS(pipes.wait()), 255);
  terminal.read_to_end();
  EXPECT_THAT(terminal.seen(), testing::HasSubstr("labgpu: the container stopped"));
  EXPECT_EQ(WEXITSTATUS(terminal.wait()), 255);
}

}  // namespace
}  // namespace labgpu::login_test
