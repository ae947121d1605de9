// Who may log in: every reason against it, its sentence, and which one is told of several.
#include "helper/login_policy.h"

#include <gmock/gmock.h>
#include <stdlib.h>
#include <time.h>

namespace labgpu {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr Microseconds kNow = 1800000000000000;  // 2027-01-15 08:00 UTC

class LoginPolicyTest : public testing::Test {
 protected:
  LoginPolicyTest() {
    setenv("TZ", "UTC0", 1);
    tzset();
  }
  std::string refusal() const { return refusal_of(account_, kNow, server_).value_or("welcome"); }
  // What a command of an open login is told.
  std::string command_refusal() const { return refusal_of(account_, kNow).value_or("welcome"); }

  Account account_;
  LoginCircumstances server_;
};

TEST_F(LoginPolicyTest, AGoodAccountIsWelcome) {
  EXPECT_EQ(refusal(), "welcome");
  account_.not_before = kNow;
  account_.not_after = kNow;
  server_.open_logins = 100;
  EXPECT_EQ(refusal(), "welcome");
  EXPECT_EQ(state_of(account_, kNow), AccountState::kActive);
}

TEST_F(LoginPolicyTest, Locked) {
  account_.locked = true;
  EXPECT_THAT(refusal(), AllOf(HasSubstr("locked"), HasSubstr("ask the administrator")));
  EXPECT_EQ(command_refusal(), refusal());
  EXPECT_EQ(state_of(account_, kNow), AccountState::kLocked);
}

TEST_F(LoginPolicyTest, Expired) {
  account_.not_after = kNow - 1;
  EXPECT_THAT(refusal(), HasSubstr("expired on 2027-01-15 at 07:59 UTC"));
  EXPECT_EQ(command_refusal(), refusal());
  EXPECT_EQ(to_text(state_of(account_, kNow)), "expired");
}

TEST_F(LoginPolicyTest, NotYetValid) {
  account_.not_before = kNow + 1;
  EXPECT_THAT(refusal(), HasSubstr("not valid before 2027-01-15 at 08:00 UTC"));
  EXPECT_EQ(command_refusal(), refusal());
  EXPECT_EQ(to_text(state_of(account_, kNow)), "pending");
}

TEST_F(LoginPolicyTest, MaintenanceIsForNewLogins) {
  server_.maintenance = "back at 18:00";
  EXPECT_EQ(refusal(), "this server is under maintenance: back at 18:00");
  server_.maintenance = "";
  EXPECT_EQ(refusal(), "this server is under maintenance; try again later");
  EXPECT_EQ(command_refusal(), "welcome");
}

TEST_F(LoginPolicyTest, TooManyLogins) {
  server_.max_logins = 3;
  server_.open_logins = 2;
  EXPECT_EQ(refusal(), "welcome");
  server_.open_logins = 3;
  EXPECT_THAT(refusal(), AllOf(HasSubstr("3 logins open"), HasSubstr("no more than 3")));
  EXPECT_EQ(command_refusal(), "welcome");
  server_.open_logins = 5;  // the limit was lowered
  EXPECT_THAT(refusal(), AllOf(HasSubstr("5 logins open"), HasSubstr("no more than 3")));
  server_.max_logins = 1;
  server_.open_logins = 1;
  EXPECT_THAT(refusal(), HasSubstr("1 login open"));
}

TEST_F(LoginPolicyTest, WhatLastsLongestIsTold) {
  server_ = {.maintenance = "", .open_logins = 1, .max_logins = 1};
  EXPECT_THAT(refusal(), HasSubstr("maintenance"));
  account_.not_after = kNow - 1;
  EXPECT_THAT(refusal(), HasSubstr("expired"));
  account_.locked = true;
  EXPECT_THAT(refusal(), HasSubstr("locked"));
}

}  // namespace
}  // namespace labgpu
