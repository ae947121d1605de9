// The session phase in sshd's monitor: what is asked, how long, what is kept and what is dropped.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "tests/module/pam/fake_container.h"
#include "tests/module/pam/fake_helper.h"
#include "tests/module/pam/pam_login.h"
#include "tests/module/pam/sandbox.h"
#include "tests/module/pam/user_child.h"

namespace labgpu::test {
namespace {

using std::chrono::seconds;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

double seconds_taken_by(const std::function<void()>& action) {
  auto start = std::chrono::steady_clock::now();
  action();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

TEST(Session, IsRefusedWhenSetcredWasNeverCalled) {
  FakeHelper helper(give_session({}));
  PamLogin login("alice");
  EXPECT_EQ(login.open_session(), PAM_SESSION_ERR);
  EXPECT_EQ(helper.connections(), 0);
  ASSERT_EQ(login.texts().size(), 1U);
  EXPECT_THAT(login.texts()[0], HasSubstr("run labgpu setup"));
  EXPECT_THAT(logged(), HasSubstr("refusing a session to alice"));
}

TEST(Session, DeletingCredentialsIsNotTheCallThatIsMissed) {
  PamLogin login("alice");
  EXPECT_EQ(login.setcred(PAM_DELETE_CRED), PAM_SUCCESS);
  EXPECT_EQ(login.open_session(static_cast<int>(PAM_SILENT)), PAM_SESSION_ERR);
  EXPECT_THAT(login.texts(), IsEmpty());
}

TEST(Session, LastsUntilItIsClosed) {
  FakeContainer container;
  SeenRequest seen;
  FakeHelper helper(give_session(container.fds(), &seen));
  PamLogin login("alice", "timeout=3");
  ASSERT_EQ(login.setcred(), PAM_SUCCESS);
  View before = look_around(login);
  EXPECT_EQ(login.open_session(), PAM_SUCCESS);
  ASSERT_TRUE(helper.has_served(1));
  EXPECT_EQ(seen.type, MessageType::kOpenSession);
  EXPECT_EQ(seen.user, "alice");
  EXPECT_EQ(seen.remote_host, "192.0.2.7");
  EXPECT_EQ(seen.wait_ms, 3000U);
  EXPECT_THAT(login.texts(), IsEmpty());

  // The monitor stays on the host.
  View after = look_around(login);
  EXPECT_EQ(after["net"], before["net"]);
  EXPECT_EQ(after["mounts"], before["mounts"]);
  EXPECT_EQ(after["hostname"], before["hostname"]);

  EXPECT_FALSE(helper.all_ended(std::chrono::milliseconds(50)));
  EXPECT_EQ(login.close_session(), PAM_SUCCESS);
  EXPECT_TRUE(helper.all_ended(seconds(2)));
  EXPECT_EQ(login.setcred(PAM_DELETE_CRED), PAM_SUCCESS);
}

TEST(Session, EndsWithTheHandleAndLeavesNoDescriptorBehind) {
  FakeContainer container;
  FakeHelper helper(give_session(container.fds()));
  {
    PamLogin warm_up("alice");  // libc and libpam may keep a descriptor of their own, for the log
    warm_up.setcred();
    warm_up.open_session();
    ASSERT_TRUE(helper.has_served(1));
  }
  ASSERT_TRUE(helper.all_ended(seconds(2)));
  size_t before = open_descriptors();
  PamLogin login("alice");
  ASSERT_EQ(login.setcred(), PAM_SUCCESS);
  ASSERT_EQ(login.open_session(), PAM_SUCCESS);
  ASSERT_TRUE(helper.has_served(2));
  EXPECT_GT(open_descriptors(), before);
  login.end();
  EXPECT_TRUE(helper.all_ended(seconds(2)));
  EXPECT_EQ(open_descriptors(), before);
}

TEST(Session, OpenedAgainReplacesTheFirst) {
  FakeHelper helper(give_session({}));
  PamLogin login("alice");
  ASSERT_EQ(login.setcred(), PAM_SUCCESS);
  ASSERT_EQ(login.open_session(), PAM_SUCCESS);
  ASSERT_EQ(login.close_session(), PAM_SUCCESS);
  EXPECT_EQ(login.open_session(), PAM_SUCCESS);
  EXPECT_TRUE(helper.has_served(2));
}

// The helper works while sshd makes the user child, which takes the answer.
TEST(Session, IsOpenedWithoutWaiting) {
  FakeHelper helper(wait_for_end);
  PamLogin login("alice");
  ASSERT_EQ(login.setcred(), PAM_SUCCESS);
  EXPECT_LT(seconds_taken_by([&] { EXPECT_EQ(login.open_session(), PAM_SUCCESS); }), 1);
}

TEST(Session, GoesOnDetachedWithoutAHelper) {
  PamLogin login("alice");
  ASSERT_EQ(login.setcred(), PAM_SUCCESS);
  EXPECT_LT(seconds_taken_by([&] { EXPECT_EQ(login.open_session(), PAM_SUCCESS); }), 1);
  EXPECT_THAT(login.texts(), IsEmpty());
  EXPECT_THAT(logged(), HasSubstr("alice logs in without a container: labgpud does not answer"));
}

TEST(Session, GoesOnDetachedWhenTheHelperHangsUp) {
  FakeHelper helper(hang_up);
  PamLogin login("alice");
  ASSERT_EQ(login.setcred(), PAM_SUCCESS);
  EXPECT_EQ(login.open_session(), PAM_SUCCESS);
  EXPECT_EQ(UserChild(login).result(), PAM_SUCCESS);
  EXPECT_THAT(logged(), HasSubstr("alice logs in without a container: labgpud does not answer"));
}

TEST(Session, GoesOnDetachedWhenTheHelperFails) {
  FakeHelper helper(give_failure(FailureCode::kUnavailable, "Docker does not answer"));
  PamLogin login("alice");
  ASSERT_EQ(login.setcred(), PAM_SUCCESS);
  EXPECT_EQ(login.open_session(), PAM_SUCCESS);
  EXPECT_EQ(UserChild(login).result(), PAM_SUCCESS);
  EXPECT_THAT(login.texts(), IsEmpty());
  EXPECT_THAT(logged(), HasSubstr("alice logs in without a container: Docker does not answer"));
}

TEST(Session, GivesASilentHelperItsTimeoutAndTwoSecondsMore) {
  FakeHelper helper(wait_for_end);
  PamLogin login("alice", "timeout=1");
  ASSERT_EQ(login.setcred(), PAM_SUCCESS);
  ASSERT_EQ(login.open_session(), PAM_SUCCESS);
  double took = seconds_taken_by([&] { EXPECT_EQ(UserChild(login).result(), PAM_SUCCESS); });
  EXPECT_GE(took, 2.9);
  EXPECT_LT(took, 4.5);
}

class BadOption : public testing::TestWithParam<const char*> {};

TEST_P(BadOption, IsReportedAndTheDefaultStands) {
  SeenRequest seen;
  FakeHelper helper(give_session({}, &seen));
  PamLogin login("alice", GetParam());
  ASSERT_EQ(login.setcred(), PAM_SUCCESS);
  logged();
  EXPECT_EQ(login.open_session(), PAM_SUCCESS);
  ASSERT_TRUE(helper.has_served(1));
  EXPECT_EQ(seen.wait_ms, 10000U);
  EXPECT_THAT(logged(), HasSubstr("ignoring the option \"" + std::string(GetParam()) + "\""));
}

INSTANTIATE_TEST_SUITE_P(Options, BadOption,
                         testing::Values("timeout=0", "timeout=61", "timeout=", "timeout=-1",
                                         "timeout=5s", "timeout=4294967297", "timeout", "Debug",
                                         "debug=1"));

TEST(Options, OfTheEdgesOfTheTimeoutAreTaken) {
  for (uint32_t timeout : {1U, 60U}) {
    SeenRequest seen;
    FakeHelper helper(give_session({}, &seen));
    PamLogin login("alice", "timeout=" + std::to_string(timeout));
    ASSERT_EQ(login.setcred(), PAM_SUCCESS);
    EXPECT_EQ(login.open_session(), PAM_SUCCESS);
    ASSERT_TRUE(helper.has_served(1));
    EXPECT_EQ(seen.wait_ms, timeout * 1000);
  }
}

TEST(Options, DebugSaysInTheLogWhatIsDone) {
  FakeContainer container;
  FakeHelper helper(give_session(container.fds()));
  PamLogin quiet("alice");
  ASSERT_EQ(quiet.setcred(), PAM_SUCCESS);
  ASSERT_EQ(quiet.open_session(), PAM_SUCCESS);
  ASSERT_EQ(UserChild(quiet).result(), PAM_SUCCESS);
  EXPECT_EQ(logged(), "");
  PamLogin login("alice", "debug");
  ASSERT_EQ(login.setcred(), PAM_SUCCESS);
  ASSERT_EQ(login.open_session(), PAM_SUCCESS);
  UserChild child(login);
  EXPECT_THAT(logged(), AllOf(HasSubstr("session 7 of alice is open"),
                              HasSubstr("entering the container's login view")));
}

}  // namespace
}  // namespace labgpu::test
