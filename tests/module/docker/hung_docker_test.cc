// A Docker that takes every request and answers none: only those wait who need something of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <string>

#include "tests/module/docker/docker_fixture.h"

namespace labgpu {
namespace {

using namespace testing_support;

class HungDockerTest : public DockerFixture {
 protected:
  Account make_other(const std::string& suffix) {
    Account account = make_account(suffix);
    account.uid = account.gid = account.uid + 1;
    return account;
  }
  void turn_loop(std::chrono::milliseconds how_long) {
    auto end = std::chrono::steady_clock::now() + how_long;
    wait_until([end] { return std::chrono::steady_clock::now() > end; });
  }
};

TEST_F(HungDockerTest, ALoginToARunningContainerDoesNotWait) {
  Account account = make_account();
  ASSERT_TRUE(ensure(account));
  follow();
  proxy_->hold();
  std::optional<Result<Running>> other;
  spawn(keep_result(manager_->ensure_running(make_other("b")), other));
  turn_loop(std::chrono::milliseconds(200));
  uint64_t before = docker_->request_count();
  EXPECT_NE(manager_->running(account), nullptr);
  EXPECT_TRUE(ensure(account));
  EXPECT_EQ(docker_->request_count(), before);
  EXPECT_FALSE(other) << "nobody answered it";
  proxy_->release();
  wait_until([&] { return other.has_value(); });
  EXPECT_TRUE(*other) << other->error().message;
}

TEST_F(HungDockerTest, AContainersEndIsNoticedAllTheSame) {
  Account account = make_account();
  Result<Running> running = ensure(account);
  ASSERT_TRUE(running);
  follow();
  proxy_->hold();
  output_of("docker kill " + (*running)->id);
  wait_until([&] { return manager_->running(account) == nullptr; });
  proxy_->release();
}

TEST_F(HungDockerTest, WhatWaitedHearsWhenDockerGoesAndTheNextLoginIsServed) {
  Account account = make_account();
  proxy_->hold();
  std::optional<Result<Running>> waiting;
  spawn(keep_result(manager_->ensure_running(account), waiting));
  turn_loop(std::chrono::milliseconds(100));
  EXPECT_FALSE(waiting);
  proxy_->cut();
  wait_until([&] { return waiting.has_value(); });
  ASSERT_FALSE(*waiting);
  EXPECT_EQ(waiting->error().code, ErrorCode::kUnavailable);
  proxy_->release();
  proxy_->restore();
  EXPECT_TRUE(ensure(account));
}

}  // namespace
}  // namespace labgpu
