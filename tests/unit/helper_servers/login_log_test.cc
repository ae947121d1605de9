// Lines on logins wait a moment, keep their order, and are not lost.
#include "helper/login_log.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>

#include "tests/unit/helper_servers/logged_lines.h"

namespace labgpu::test {
namespace {

constexpr std::chrono::milliseconds kLongEnough{1000};

class LoginLogTest : public testing::Test {
 protected:
  void add_two() {
    log_->add(LifeEvent::kLogin, "alice", 7, "first line");
    log_->add(LifeEvent::kCommand, "alice", 0, "second line");
  }
  EventLoop loop_;
  LoggedLines lines_;
  std::optional<LoginLog> log_{std::in_place, loop_};
};

TEST_F(LoginLogTest, NothingIsWrittenAtOnce) {
  add_two();
  EXPECT_EQ(lines_.count("line"), 0U);
}

TEST_F(LoginLogTest, EverythingIsWrittenAMomentLater) {
  add_two();
  loop_.run_once(kLongEnough);
  EXPECT_EQ(lines_.count("info: first line [USER=alice SESSION=7 EVENT=login]\n"
                         "info: second line [USER=alice EVENT=command]\n"),
            1U);
}

TEST_F(LoginLogTest, WhatMustNotWaitComesAfterWhatDid) {
  add_two();
  log_->add(LifeEvent::kLogout, "alice", 7, "third line");
  log_->write();
  EXPECT_EQ(lines_.count("second line [USER=alice EVENT=command]\ninfo: third line"), 1U);
}

TEST_F(LoginLogTest, TheEndWritesWhatWaits) {
  add_two();
  log_.reset();
  EXPECT_EQ(lines_.count("line"), 2U);
}

}  // namespace
}  // namespace labgpu::test
