// The password stack: what is asked of whom, what the helper is told, and what becomes of failures.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif
#include <unistd.h>

#include <chrono>

#include "tests/module/pam/fake_helper.h"
#include "tests/module/pam/pam_login.h"
#include "tests/module/pam/sandbox.h"

namespace labgpu::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr char kCurrent[] = "Current password: ";
constexpr char kNew[] = "New password: ";
constexpr char kRetype[] = "Retype new password: ";

// The real user id of passwd(1) when alice runs it.
class AsAlice {
 public:
  AsAlice() { EXPECT_EQ(setresuid(kAliceUid, 0, 0), 0); }
  AsAlice(const AsAlice&) = delete;
  AsAlice& operator=(const AsAlice&) = delete;
  ~AsAlice() { EXPECT_EQ(setresuid(0, 0, 0), 0); }
};

// Until 1.5.3 libpam forgets the first answer when there is no second: pam_get_authtok.c as it was
// before Linux-PAM's commit e2d01a42.
class AnswerThatLibpamForgets {
#ifdef __SANITIZE_ADDRESS__
  __lsan::ScopedDisabler disabler_;
#endif
 public:
  AnswerThatLibpamForgets() {}  // not trivial, so that no compiler calls it unused
};

class Password : public testing::Test {
 protected:
  std::vector<SeenPassword> seen_;
};

TEST_F(Password, ItsOwnerGivesTheOldOneAndTheNewOneTwice) {
  FakeHelper helper(take_passwords(seen_));
  PamLogin login("alice");
  AsAlice alice;
  EXPECT_EQ(login.change_password({"geheim", "neu", "neu"}), PAM_SUCCESS);
  EXPECT_THAT(login.questions(), ElementsAre(kCurrent, kNew, kRetype));
  EXPECT_THAT(login.hints(), ElementsAre("Changing password for alice."));
  EXPECT_THAT(login.texts(), IsEmpty());
  ASSERT_EQ(seen_.size(), 2U);
  EXPECT_EQ(seen_[0].type, MessageType::kCheckPassword);
  EXPECT_EQ(seen_[1].type, MessageType::kChangePassword);
  for (const auto& request : seen_) {
    EXPECT_EQ(request.user, "alice");
    EXPECT_FALSE(request.by_root);
    EXPECT_EQ(request.old_password, "geheim");
  }
  EXPECT_EQ(seen_[1].new_password, "neu");
  EXPECT_TRUE(helper.all_ended(std::chrono::seconds(2)));
}

TEST_F(Password, RootGivesTheNewOneAlone) {
  FakeHelper helper(take_passwords(seen_));
  PamLogin login("alice");
  EXPECT_EQ(login.change_password({"neu", "neu"}), PAM_SUCCESS);
  EXPECT_THAT(login.questions(), ElementsAre(kNew, kRetype));
  ASSERT_EQ(seen_.size(), 2U);
  EXPECT_TRUE(seen_[0].by_root && seen_[1].by_root);
  EXPECT_EQ(seen_[1].new_password, "neu");
  EXPECT_EQ(seen_[1].old_password, "");
}

TEST_F(Password, ThatHasExpiredIsAskedForThoughSshdIsRoot) {
  FakeHelper helper(take_passwords(seen_));
  PamLogin login("alice");
  EXPECT_EQ(login.change_password({"geheim", "neu", "neu"}, PAM_CHANGE_EXPIRED_AUTHTOK),
            PAM_SUCCESS);
  EXPECT_THAT(login.questions(), ElementsAre(kCurrent, kNew, kRetype));
  ASSERT_EQ(seen_.size(), 2U);
  EXPECT_FALSE(seen_[0].by_root || seen_[1].by_root);
}

struct Refusal {
  FailureCode code;
  int result;
};
class RefusedPassword : public testing::TestWithParam<Refusal> {};

TEST_P(RefusedPassword, OldOneEndsItBeforeANewOneIsAskedFor) {
  std::vector<SeenPassword> seen;
  int code = static_cast<int>(GetParam().code);
  FakeHelper helper(take_passwords(seen, code));
  PamLogin login("alice");
  AsAlice alice;
  EXPECT_EQ(login.change_password({"geheim"}), GetParam().result);
  EXPECT_THAT(login.questions(), ElementsAre(kCurrent));
  EXPECT_THAT(login.texts(), ElementsAre("no: " + std::to_string(code)));
  EXPECT_EQ(seen.size(), 1U);
  auto log = logged();
  EXPECT_THAT(log, HasSubstr("the password of alice is not changed: no: " + std::to_string(code)));
  EXPECT_THAT(log, Not(HasSubstr("geheim")));
}

TEST_P(RefusedPassword, NewOneIsNotAskedForAgain) {
  std::vector<SeenPassword> seen;
  int code = static_cast<int>(GetParam().code);
  FakeHelper helper(take_passwords(seen, 0, code));
  PamLogin login("alice");
  EXPECT_EQ(login.change_password({"neu", "neu", "other", "other"}), GetParam().result);
  EXPECT_THAT(login.questions(), ElementsAre(kNew, kRetype));
  EXPECT_THAT(login.texts(), ElementsAre("no: " + std::to_string(code)));
  EXPECT_THAT(logged(), Not(HasSubstr("neu")));
}

INSTANTIATE_TEST_SUITE_P(Codes, RefusedPassword,
                         testing::Values(Refusal{FailureCode::kWrongPassword, PAM_AUTH_ERR},
                                         Refusal{FailureCode::kTooManyAttempts, PAM_TRY_AGAIN},
                                         Refusal{FailureCode::kNotAllowed, PAM_PERM_DENIED},
                                         Refusal{FailureCode::kNoAccount, PAM_PERM_DENIED},
                                         Refusal{FailureCode::kInvalid, PAM_AUTHTOK_ERR},
                                         Refusal{FailureCode::kSystem, PAM_AUTHTOK_ERR}),
                         [](const auto& instance) {
                           return "Code" + std::to_string(static_cast<int>(instance.param.code));
                         });

TEST_F(Password, MistypedIsAskedForAgain) {
  FakeHelper helper(take_passwords(seen_));
  PamLogin login("alice");
  EXPECT_EQ(login.change_password({"neu", "nue", "neu", "neu"}), PAM_SUCCESS);
  EXPECT_THAT(login.questions(), ElementsAre(kNew, kRetype, kNew, kRetype));
  EXPECT_THAT(login.texts(), ElementsAre("Sorry, passwords do not match."));
  EXPECT_EQ(seen_.back().new_password, "neu");
}

TEST_F(Password, MistypedThreeTimesIsNotChanged) {
  FakeHelper helper(take_passwords(seen_));
  PamLogin login("alice");
  EXPECT_EQ(login.change_password({"a", "b", "a", "b", "a", "b", "a", "a"}), PAM_TRY_AGAIN);
  EXPECT_EQ(login.questions().size(), 6U);
  EXPECT_EQ(seen_.size(), 1U) << "the check alone";
}

TEST_F(Password, NobodyWhoStopsAnsweringHasChangedIt) {
  FakeHelper helper(take_passwords(seen_));
  PamLogin login("alice");
  {
    AnswerThatLibpamForgets answer;
    EXPECT_EQ(login.change_password({"neu"}), PAM_AUTHTOK_ERR);
  }
  PamLogin other("alice");
  EXPECT_NE(other.change_password({}, PAM_CHANGE_EXPIRED_AUTHTOK), PAM_SUCCESS);
  EXPECT_EQ(seen_.size(), 1U);
}

TEST_F(Password, UseAuthtokTakesNoneButAnEarlierModules) {
  FakeHelper helper(take_passwords(seen_));
  PamLogin login("alice", "use_authtok");
  EXPECT_EQ(login.change_password({"neu", "neu"}), PAM_AUTHTOK_ERR);
  EXPECT_THAT(login.questions(), IsEmpty());
  EXPECT_EQ(seen_.size(), 1U);
  EXPECT_THAT(logged(), Not(HasSubstr("ignoring the option")));
}

constexpr char kHelperIsSilent[] =
    "labgpu: the labgpu service on this server does not answer, so the password of alice cannot be "
    "changed now; tell the administrator (systemctl status labgpud)";

TEST_F(Password, IsNotChangedWithoutAHelper) {
  PamLogin login("alice");
  EXPECT_EQ(login.change_password({"neu", "neu"}), PAM_TRY_AGAIN);
  EXPECT_THAT(login.questions(), IsEmpty()) << "root is told before anything was typed";
  EXPECT_THAT(login.texts(), ElementsAre(kHelperIsSilent));
  EXPECT_THAT(logged(), HasSubstr("labgpud does not answer: No such file"));
}

TEST_F(Password, WaitsTenSecondsForASilentHelper) {
  FakeHelper helper(wait_for_end);
  PamLogin login("alice");
  auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(login.change_password({"neu", "neu"}), PAM_TRY_AGAIN);
  std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  EXPECT_GE(took.count(), 9.9);
  EXPECT_LT(took.count(), 12);
  EXPECT_THAT(login.texts(), ElementsAre(kHelperIsSilent));
}

TEST_F(Password, IsChangedWithoutAWordWhenNoneIsWanted) {
  FakeHelper helper(take_passwords(seen_, 0, static_cast<int>(FailureCode::kInvalid)));
  PamLogin login("alice");
  AsAlice alice;
  EXPECT_EQ(login.change_password({"geheim", "neu", "neu"}, static_cast<int>(PAM_SILENT)),
            PAM_AUTHTOK_ERR);
  EXPECT_THAT(login.hints(), IsEmpty());
  EXPECT_THAT(login.texts(), IsEmpty());
}

// Its shell makes erin managed, but no index has a password of hers.
TEST_F(Password, OfAnAccountThatLabgpuHasNotIsSomebodyElsesBusiness) {
  FakeHelper helper(take_passwords(seen_));
  PamLogin login("erin");
  EXPECT_EQ(login.change_password({"neu", "neu"}), kIgnored);
  EXPECT_EQ(helper.connections(), 0);
}

// --- the account phase asks for it

TEST(NewPassword, IsAskedForAfterALoginWithAPassword) {
  FakeHelper helper(give_verdict(true, "", nullptr, true));
  PamLogin login("alice");
  login.authenticate();
  EXPECT_EQ(login.account(), PAM_NEW_AUTHTOK_REQD);
  EXPECT_THAT(login.hints(), testing::Contains("You have to choose a new password now."));
  EXPECT_THAT(login.texts(), IsEmpty());
}

TEST(NewPassword, IsNotAskedForAfterALoginWithAKey) {
  FakeHelper helper(give_verdict(true, "", nullptr, true));
  PamLogin login("alice");
  EXPECT_EQ(login.account(), PAM_SUCCESS);
  EXPECT_THAT(login.hints(), IsEmpty());
}

TEST(NewPassword, IsAskedForWithoutAWordWhenNoneIsWanted) {
  FakeHelper helper(give_verdict(true, "", nullptr, true));
  PamLogin login("alice");
  login.authenticate();
  EXPECT_EQ(login.account(static_cast<int>(PAM_SILENT)), PAM_NEW_AUTHTOK_REQD);
  EXPECT_THAT(login.hints(), Not(testing::Contains("You have to choose a new password now.")));
}

TEST(NewPassword, DoesNotLetInWhoIsRefused) {
  FakeHelper helper(give_verdict(false, "locked", nullptr, true));
  PamLogin login("alice");
  login.authenticate();
  EXPECT_EQ(login.account(), PAM_PERM_DENIED);
}

TEST(NewPassword, IsNotAskedForWhenThePasswordIsGood) {
  FakeHelper helper(give_verdict(true));
  PamLogin login("alice");
  login.authenticate();
  EXPECT_EQ(login.account(), PAM_SUCCESS);
}

}  // namespace
}  // namespace labgpu::test
