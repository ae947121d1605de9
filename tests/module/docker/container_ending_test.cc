// How real containers' runs end, as their users will be told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "helper/container_manager.h"
#include "tests/module/docker/docker_fixture.h"

namespace labgpu {
namespace {

using ::testing::HasSubstr;
using namespace testing_support;

class ContainerEndingTest : public DockerFixture {
 protected:
  void SetUp() override {
    DockerFixture::SetUp();
    account_ = make_account();
    follow();
    ASSERT_TRUE(ensure(account_));
  }
  // What the user hears at the next login, after `command` ended the container.
  std::string told_after(const std::string& command) {
    output_of(command);
    wait_until([&] { return manager_->running(account_) == nullptr; });
    EXPECT_TRUE(ensure(account_));
    return manager_->take_notice(account_);
  }
  [[nodiscard]] std::string name() const { return container_name(account_); }

  Account account_;
};

TEST_F(ContainerEndingTest, KilledByDocker) {
  EXPECT_THAT(told_after("docker kill " + name()), HasSubstr("was killed from outside"));
  EXPECT_EQ(manager_->take_notice(account_), "");
}

TEST_F(ContainerEndingTest, StoppedByDocker) {
  EXPECT_THAT(told_after("docker stop " + name()), HasSubstr("was stopped with Docker"));
}

TEST_F(ContainerEndingTest, InitKilledAndStartedAgainByDocker) {
  Running before = manager_->running(account_);
  output_of("kill -9 " + std::to_string(before->init_pid));
  wait_until([&] {
    Running now = manager_->running(account_);
    return now != nullptr && now->init_pid != before->init_pid;
  });
  EXPECT_THAT(manager_->take_notice(account_), HasSubstr("was killed from outside"));
}

TEST_F(ContainerEndingTest, AskedForIsNoSurprise) {
  ASSERT_TRUE(run_task(loop_, manager_->stop(account_)));
  ASSERT_TRUE(ensure(account_));
  EXPECT_EQ(manager_->take_notice(account_), "");
  ASSERT_TRUE(run_task(loop_, manager_->restart(account_)));
  EXPECT_EQ(manager_->take_notice(account_), "");
}

TEST_F(ContainerEndingTest, StoppedForBeingIdle) {
  ASSERT_TRUE(run_task(loop_, manager_->stop_idle(account_, [] { return false; })));
  ASSERT_NE(manager_->running(account_), nullptr);
  ASSERT_TRUE(run_task(loop_, manager_->stop_idle(account_, [] { return true; })));
  EXPECT_EQ(manager_->running(account_), nullptr);
  ASSERT_TRUE(ensure(account_));
  EXPECT_THAT(manager_->take_notice(account_), HasSubstr("because it was idle"));
}

TEST_F(ContainerEndingTest, ALoginDuringAnIdleStopWaitsForItAndStartsAnew) {
  Running before = manager_->running(account_);
  std::optional<Result<void>> stopped;
  Result<Running> login = fail(ErrorCode::kSystem, "not yet");
  auto stop = [](ContainerManager& manager, Account account, auto& out) -> Task<void> {
    std::function<bool()> yes = [] { return true; };
    auto stopping = manager.stop_idle(std::move(account), std::move(yes));
    out = co_await stopping;
  };
  Task<void> stopping = stop(*manager_, account_, stopped);
  stopping.start();
  wait_until([&] { return manager_->running(account_) == nullptr; });
  login = ensure(account_);
  ASSERT_TRUE(login) << login.error().message;
  EXPECT_NE((*login)->init_pid, before->init_pid);
  EXPECT_TRUE(stopped && *stopped);
}

TEST_F(ContainerEndingTest, AnotherManagerKnowsIt) {
  output_of("docker kill " + name());
  wait_until([&] { return manager_->running(account_) == nullptr; });
  manager_ = make_manager();
  follow();
  ASSERT_TRUE(ensure(account_));
  EXPECT_THAT(manager_->take_notice(account_), HasSubstr("was killed from outside"));
}

}  // namespace
}  // namespace labgpu
