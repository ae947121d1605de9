// Whole logins in the order of other programs' calls, through a service as Debian's, with
// libpamtest.
#include <gtest/gtest.h>
#include <sys/mount.h>
// libpamtest.h has no guard for C++.
extern "C" {
#include <libpamtest.h>
}

#include "tests/module/pam/fake_helper.h"
#include "tests/support/temporary_directory.h"

namespace labgpu::test {
namespace {

// libpamtest reads /etc/pam.d; the sandbox's mounts are nobody else's.
class CallsOfOtherPrograms : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    ASSERT_EQ(mount("tmpfs", "/etc/pam.d", "tmpfs", 0, nullptr), 0);
    write_file("/etc/pam.d/other", "");
    write_file("/etc/pam.d/labgpu",
               "auth [success=1 default=ignore] pam_permit.so\n"
               "auth requisite pam_deny.so\n"
               "auth required pam_permit.so\n"
               "auth optional " MODULE_PATH
               "\n"
               "account required pam_permit.so\n"
               "account required " MODULE_PATH
               "\n"
               "session required pam_permit.so\n"
               "session required " MODULE_PATH
               "\n"
               "password required " MODULE_PATH "\n");
  }
  static void TearDownTestSuite() { ASSERT_EQ(umount("/etc/pam.d"), 0); }

  template <size_t kCount>
  static void expect_all(pam_testcase (&calls)[kCount], std::vector<std::string> typed = {}) {
    char error[1024] = {};
    char* errors[] = {error, nullptr};
    char info[1024] = {};
    char* infos[] = {info, nullptr};
    std::vector<const char*> answers;
    for (const auto& text : typed) answers.push_back(text.c_str());
    answers.push_back(nullptr);
    pamtest_conv_data conversation{
        .in_echo_off = answers.data(), .in_echo_on = nullptr, .out_err = errors, .out_info = infos};
    pamtest_err result = run_pamtest("labgpu", "alice", &conversation, calls, nullptr);
    if (result == PAMTEST_ERR_OK) return;
    const pam_testcase* failed = pamtest_failed_case(calls);
    ADD_FAILURE() << pamtest_strerror(result) << " at operation "
                  << (failed == nullptr ? -1 : failed->pam_operation);
  }
};

TEST_F(CallsOfOtherPrograms, SuAuthenticatesSetsCredentialsThenOpens) {
  FakeHelper helper(give_session({}));
  pam_testcase calls[] = {
      pam_test(PAMTEST_AUTHENTICATE, PAM_SUCCESS),
      pam_test_flags(PAMTEST_SETCRED, PAM_SUCCESS, PAM_ESTABLISH_CRED),
      pam_test(PAMTEST_OPEN_SESSION, PAM_SUCCESS),
      pam_test(PAMTEST_CLOSE_SESSION, PAM_SUCCESS),
      pam_test_flags(PAMTEST_SETCRED, PAM_SUCCESS, PAM_DELETE_CRED),
  };
  expect_all(calls);
}

TEST_F(CallsOfOtherPrograms, AccountIsAskedForAfterAuthentication) {
  FakeHelper helper(give_verdict(true));
  pam_testcase calls[] = {
      pam_test(PAMTEST_AUTHENTICATE, PAM_SUCCESS),
      pam_test(PAMTEST_ACCOUNT, PAM_SUCCESS),
  };
  expect_all(calls);
  EXPECT_EQ(helper.connections(), 1);
}

TEST_F(CallsOfOtherPrograms, LoginSetsCredentialsOnceMoreAfterOpening) {
  FakeHelper helper(give_session({}));
  pam_testcase calls[] = {
      pam_test(PAMTEST_AUTHENTICATE, PAM_SUCCESS),
      pam_test_flags(PAMTEST_SETCRED, PAM_SUCCESS, PAM_ESTABLISH_CRED),
      pam_test(PAMTEST_OPEN_SESSION, PAM_SUCCESS),
      pam_test_flags(PAMTEST_SETCRED, PAM_SUCCESS, PAM_REINITIALIZE_CRED),
      pam_test(PAMTEST_CLOSE_SESSION, PAM_SUCCESS),
  };
  expect_all(calls);
}

TEST_F(CallsOfOtherPrograms, AKeyLoginDoesNotAuthenticateThroughPam) {
  FakeHelper helper(give_session({}));
  pam_testcase calls[] = {
      pam_test_flags(PAMTEST_SETCRED, PAM_SUCCESS, PAM_ESTABLISH_CRED),
      pam_test(PAMTEST_OPEN_SESSION, PAM_SUCCESS),
  };
  expect_all(calls);
}

TEST_F(CallsOfOtherPrograms, ClosingWhatWasNeverOpenedIsHarmless) {
  pam_testcase calls[] = {
      pam_test(PAMTEST_CLOSE_SESSION, PAM_SUCCESS),
      pam_test_flags(PAMTEST_SETCRED, PAM_SUCCESS, PAM_DELETE_CRED),
      pam_test(PAMTEST_OPEN_SESSION, PAM_SESSION_ERR),
  };
  expect_all(calls);
}

TEST_F(CallsOfOtherPrograms, PasswdByRootAsksForTheNewOneTwice) {
  std::vector<SeenPassword> seen;
  FakeHelper helper(take_passwords(seen));
  pam_testcase calls[] = {pam_test(PAMTEST_CHAUTHTOK, PAM_SUCCESS)};
  expect_all(calls, {"neu", "neu"});
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[1].new_password, "neu");
  EXPECT_TRUE(seen[1].by_root);
}

TEST_F(CallsOfOtherPrograms, AnExpiredPasswordIsChangedWithTheOldOneKnown) {
  std::vector<SeenPassword> seen;
  FakeHelper helper(take_passwords(seen));
  pam_testcase calls[] = {
      pam_test_flags(PAMTEST_CHAUTHTOK, PAM_SUCCESS, PAM_CHANGE_EXPIRED_AUTHTOK)};
  expect_all(calls, {"old", "neu", "neu"});
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].old_password, "old");
  EXPECT_EQ(seen[1].old_password, "old");
  EXPECT_FALSE(seen[0].by_root || seen[1].by_root);
}

}  // namespace
}  // namespace labgpu::test
