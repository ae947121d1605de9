// The connection to init.sock: nothing but the container's own init is ever spoken to.
#include "helper/init_connection.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "common/paths.h"
#include "helper/listener.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/helper_docker/run_task.h"
#include "tests/unit/helper_servers/fake_containers.h"

namespace labgpu::test {
namespace {

using testing::HasSubstr;
using testing_support::run_task;

class InitConnectionTest : public testing::Test {
 protected:
  InitConnectionTest() { account_.name = "alice"; }
  Result<UniqueFd> connect() {
    return run_task(loop_, connect_init(loop_, container_, account_, LoginAs::kUser));
  }
  std::string refusal() {
    auto connected = connect();
    return connected ? "connected" : connected.error().message;
  }

  EventLoop loop_;
  TemporaryDirectory run_;
  std::string path_ = run_ / kInitSocketName;
  std::shared_ptr<RunningContainer> container_ = own_process_as_container(run_.path());
  Account account_;
};

TEST_F(InitConnectionTest, ConnectsToInit) {
  auto init = listen_at(path_, SOCK_SEQPACKET);
  ASSERT_TRUE(init);
  EXPECT_EQ(refusal(), "connected");
}

TEST_F(InitConnectionTest, WaitsForAnInitThatHasJustStarted) {
  UniqueFd init;
  auto late = loop_.after(std::chrono::milliseconds(100), [&] {
    auto listening = listen_at(path_, SOCK_SEQPACKET);
    if (listening) init = std::move(*listening);
  });
  EXPECT_EQ(refusal(), "connected");
}

TEST_F(InitConnectionTest, WaitsBehindASocketThatAnEarlierInitLeft) {
  listen_at(path_, SOCK_SEQPACKET).value().reset();
  UniqueFd init;
  auto late = loop_.after(std::chrono::milliseconds(100),
                          [&] { init = std::move(listen_at(path_, SOCK_SEQPACKET).value()); });
  EXPECT_EQ(refusal(), "connected");
}

TEST_F(InitConnectionTest, AnotherProcessThanInitIsNotSpokenTo) {
  auto impostor = listen_at(path_, SOCK_SEQPACKET);
  ASSERT_TRUE(impostor);
  container_->init_pid = 1;
  EXPECT_THAT(refusal(), HasSubstr("something else"));
}

TEST_F(InitConnectionTest, LinksFilesAndOtherSocketsAreNotOpened) {
  TemporaryDirectory elsewhere;
  auto outside = listen_at(elsewhere / "socket", SOCK_SEQPACKET);
  ASSERT_TRUE(outside);
  ASSERT_EQ(symlink((elsewhere / "socket").c_str(), path_.c_str()), 0);
  EXPECT_THAT(refusal(), HasSubstr("something else"));
  ASSERT_EQ(unlink(path_.c_str()), 0);
  write_file(path_, "");
  EXPECT_THAT(refusal(), HasSubstr("something else"));
  ASSERT_EQ(unlink(path_.c_str()), 0);
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  EXPECT_THAT(refusal(), HasSubstr("something else"));
  ASSERT_EQ(unlink(path_.c_str()), 0);
  auto stream = listen_at(path_, SOCK_STREAM);
  EXPECT_THAT(refusal(), HasSubstr("something else"));
}

TEST_F(InitConnectionTest, DoesNotWaitForAContainerThatEnded) {
  pid_t pid = fork();
  if (pid == 0) _exit(0);
  container_->init_pidfd.reset(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  EXPECT_THAT(refusal(), HasSubstr("stopped"));
  EXPECT_EQ(waitpid(pid, nullptr, 0), pid);
}

}  // namespace
}  // namespace labgpu::test
