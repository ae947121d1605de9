// The connection to init.sock: nothing but the container's own init is ever spoken to.
#include "helper/init_connection.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <vector>

#include "common/packet_socket.h"
#include "common/paths.h"
#include "helper/listener.h"
#include "helper/readable.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/helper_docker/run_task.h"
#include "tests/unit/helper_servers/fake_containers.h"

namespace labgpu::test {
namespace {

using testing::HasSubstr;
using testing_support::run_task;

constexpr std::chrono::milliseconds kPatience{8000};

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
  // Init as it answers, and as it does not.
  UniqueFd init(bool answers = true) {
    auto listening = listen_at(path_, SOCK_SEQPACKET).value();
    answering_ = loop_.watch(listening.get(), EPOLLIN, [this, fd = listening.get(), answers](auto) {
      accepted_.emplace_back(accept4(fd, nullptr, nullptr, SOCK_CLOEXEC));
      if (!answers) return;
      // Who has connected may be gone.
      static_cast<void>(send_message(accepted_.back().get(), Hello{}, Deadline::after_ms(0)));
    });
    return listening;
  }

  EventLoop loop_;
  TemporaryDirectory run_;
  std::string path_ = run_ / kInitSocketName;
  std::shared_ptr<RunningContainer> container_ = own_process_as_container(run_.path());
  Account account_;
  std::vector<UniqueFd> accepted_;
  EventSource answering_;
};

TEST_F(InitConnectionTest, ConnectsToInit) {
  auto listening = init();
  EXPECT_EQ(refusal(), "connected");
  EXPECT_TRUE(run_task(loop_, init_answers(loop_, container_, kPatience)));
}

TEST_F(InitConnectionTest, AnInitThatSaysNothingDoesNotAnswer) {
  auto listening = init(false);
  EXPECT_FALSE(run_task(loop_, init_answers(loop_, container_, std::chrono::milliseconds(200))));
}

TEST_F(InitConnectionTest, InitIsToldForWhomAtOnce) {
  auto listening = listen_at(path_, SOCK_SEQPACKET).value();
  ASSERT_EQ(refusal(), "connected");
  UniqueFd accepted(accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC));
  unsigned char buffer[kSmallPacket];
  Packet packet;
  Hello hello;
  Identity identity;
  Failure failure;
  auto now = Deadline::after_ms(0);
  EXPECT_EQ(receive_message(accepted.get(), buffer, packet, hello, failure, now), 0);
  EXPECT_EQ(receive_message(accepted.get(), buffer, packet, identity, failure, now), 0);
  EXPECT_EQ(identity.user, "alice");
}

TEST_F(InitConnectionTest, WhatAnInitSaysBeforeItHangsUpIsForTheSessionCommand) {
  auto listening = listen_at(path_, SOCK_SEQPACKET).value();
  answering_ = loop_.watch(listening.get(), EPOLLIN, [fd = listening.get()](auto) {
    UniqueFd accepted(accept4(fd, nullptr, nullptr, SOCK_CLOEXEC));
    Failure failure{.code = static_cast<uint16_t>(FailureCode::kUnavailable), .sentence = "full"};
    EXPECT_EQ(send_message(accepted.get(), failure, Deadline::after_ms(0)), 0);
  });
  auto connected = connect();
  ASSERT_TRUE(connected);
  ASSERT_TRUE(run_task(loop_, wait_readable(loop_, connected->get(), kPatience)));
  unsigned char buffer[kSmallPacket];
  Packet packet;
  EXPECT_EQ(receive_raw(connected->get(), buffer, packet, Deadline::after_ms(0)), 0);
  EXPECT_EQ(packet.type, MessageType::kFailure);
}

TEST_F(InitConnectionTest, SomethingElseThanInitDoesNotAnswer) {
  EXPECT_FALSE(run_task(loop_, init_answers(loop_, container_, kPatience)));
  write_file(path_, "");
  EXPECT_FALSE(run_task(loop_, init_answers(loop_, container_, kPatience)));
}

TEST_F(InitConnectionTest, WaitsForAnInitThatHasJustStarted) {
  UniqueFd listening;
  auto late = loop_.after(std::chrono::milliseconds(100), [&] { listening = init(); });
  EXPECT_EQ(refusal(), "connected");
}

TEST_F(InitConnectionTest, WaitsBehindASocketThatAnEarlierInitLeft) {
  listen_at(path_, SOCK_SEQPACKET).value().reset();
  UniqueFd listening;
  auto late = loop_.after(std::chrono::milliseconds(100), [&] { listening = init(); });
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

TEST_F(InitConnectionTest, WithoutFreeDescriptorsTheContainerIsNotBlamed) {
  auto listening = init();
  auto refusal_with = [&](int free) {
    std::vector<UniqueFd> taken;
    rlimit before{};
    EXPECT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
    for (int i = 0; i < free; ++i) taken.emplace_back(open("/dev/null", O_PATH | O_CLOEXEC));
    UniqueFd next(open("/dev/null", O_PATH | O_CLOEXEC));
    rlimit full{.rlim_cur = static_cast<rlim_t>(next.get()), .rlim_max = before.rlim_max};
    taken.clear();
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &full), 0);
    auto sentence = refusal();
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
    return sentence;
  };
  EXPECT_THAT(refusal_with(0), HasSubstr("log in again: Too many open files"));
  EXPECT_THAT(refusal_with(1), HasSubstr("log in again: Too many open files"));
  EXPECT_EQ(refusal(), "connected");
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
