// Containers whose image is not on the server: Docker is asked to fetch it, and nobody else waits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <optional>
#include <string>

#include "tests/module/docker/docker_fixture.h"

namespace labgpu {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using namespace testing_support;

class MissingImageTest : public DockerFixture {
 protected:
  // Begins an ensure_running() that nobody ends.
  void begin(const Account& account, std::optional<Result<Running>>& result) {
    spawn(keep_result(manager_->ensure_running(account), result));
    wait_until([&] {
      auto progress = manager_->progress(account);
      return progress && !progress->image.empty();
    });
  }
};

// A registry that is connected to and never answers, until it goes.
class SilentRegistry {
 public:
  SilentRegistry() : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(listener_.get(), 8), 0);
    EXPECT_EQ(getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    image_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/lab/none:1";
  }
  [[nodiscard]] const std::string& image() const { return image_; }
  void leave() { listener_.reset(); }

 private:
  UniqueFd listener_;
  std::string image_;
};

TEST_F(MissingImageTest, DockersReasonIsTold) {
  Account account = make_account();
  account.settings.image = "127.0.0.1:1/lab/none:1";
  Result<Running> running = ensure(account);
  ASSERT_FALSE(running);
  EXPECT_EQ(running.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(running.error().message,
              AllOf(HasSubstr("127.0.0.1:1/lab/none:1"), HasSubstr("connection refused")));
  EXPECT_FALSE(manager_->progress(account));
}

TEST_F(MissingImageTest, TheReasonIsKeptUntilItStarts) {
  auto status = [this](const Account& of) { return run_task(loop_, manager_->status(of)).value(); };
  Account account = make_account();
  Account mistaken = account;
  mistaken.settings.image = "127.0.0.1:1/lab/none:1";
  EXPECT_FALSE(status(mistaken).failure);
  ASSERT_FALSE(ensure(mistaken));
  auto failed = status(mistaken);
  EXPECT_EQ(failed.state, ContainerState::kAbsent);
  EXPECT_FALSE(failed.start);
  ASSERT_TRUE(failed.failure);
  EXPECT_THAT(failed.failure->why, HasSubstr("127.0.0.1:1/lab/none:1"));
  EXPECT_GT(failed.failure->when, 0U);
  ASSERT_TRUE(ensure(account));
  EXPECT_FALSE(status(account).failure);
  ASSERT_TRUE(run_task(loop_, manager_->stop(account)));
  EXPECT_FALSE(status(account).failure);
}

TEST_F(MissingImageTest, WhatItWaitsForIsToldMeanwhile) {
  SilentRegistry registry;
  Account account = make_account();
  account.settings.image = registry.image();
  std::optional<Result<Running>> waiting;
  begin(account, waiting);
  auto status = run_task(loop_, manager_->status(account)).value();
  ASSERT_TRUE(status.start);
  EXPECT_EQ(status.start->image, registry.image());
  registry.leave();
  wait_until([&] { return waiting.has_value(); });
}

TEST_F(MissingImageTest, WhatIsMadeHereIsNotFetched) {
  Account account = make_account();
  account.settings.image = "labgpu/docker-test-none:1";
  Result<Running> running = ensure(account);
  ASSERT_FALSE(running);
  EXPECT_EQ(running.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(running.error().message,
              AllOf(HasSubstr("labgpu/docker-test-none:1"), HasSubstr("labgpu image bootstrap")));
}

TEST_F(MissingImageTest, StopDoesNotWaitAndNothingIsStartedAfterwards) {
  SilentRegistry registry;
  Account account = make_account();
  account.settings.image = registry.image();
  std::optional<Result<Running>> waiting;
  begin(account, waiting);
  Result<void> stopped = run_task(loop_, manager_->stop(account));
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(waiting);
  // The image comes after all.
  output_of("docker tag " + image() + " " + registry.image());
  registry.leave();
  wait_until([&] { return waiting.has_value(); });
  EXPECT_FALSE(*waiting);
  EXPECT_FALSE(succeeds("docker inspect " + container_name(account)));
  output_of("docker rmi " + registry.image());
}

TEST_F(MissingImageTest, OtherSettingsDoNotWaitForTheFormerImage) {
  SilentRegistry registry;
  Account account = make_account();
  Account mistaken = account;
  mistaken.settings.image = registry.image();
  std::optional<Result<Running>> waiting;
  begin(mistaken, waiting);
  Result<Running> running = ensure(account);
  EXPECT_TRUE(running) << running.error().message;
  registry.leave();
  wait_until([&] { return waiting.has_value(); });
}

}  // namespace
}  // namespace labgpu
