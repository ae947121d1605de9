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
  static void expect_all(pam_testcase (&calls)[kCount]) {
    char error[1024] = {};
    char* errors[] = {error, nullptr};
    pamtest_conv_data conversation{
        .in_echo_off = nullptr, .in_echo_on = nullptr, .out_err = errors, .out_info = nullptr};
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

TEST_F(CallsOfOtherPrograms, PasswordsAreNotChangedHere) {
  pam_testcase calls[] = {pam_test(PAMTEST_CHAUTHTOK, PAM_MODULE_UNKNOWN)};
  expect_all(calls);
}

}  // namespace
}  // namespace labgpu::test
