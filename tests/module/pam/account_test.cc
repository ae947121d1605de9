// The account phase: the helper decides, and without its word nobody comes in.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "tests/module/pam/fake_helper.h"
#include "tests/module/pam/pam_login.h"
#include "tests/module/pam/sandbox.h"

namespace labgpu::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Account, IsLetInWhenTheHelperSaysSo) {
  SeenRequest seen;
  FakeHelper helper(give_verdict(true, "", &seen));
  PamLogin login("alice");
  EXPECT_EQ(login.account(), PAM_SUCCESS);
  EXPECT_THAT(login.texts(), IsEmpty());
  EXPECT_EQ(seen.type, MessageType::kCheckAccount);
  EXPECT_EQ(seen.user, "alice");
  EXPECT_EQ(seen.remote_host, "192.0.2.7");
  EXPECT_TRUE(helper.all_ended(std::chrono::seconds(2)));
}

TEST(Account, NeedsNoRemoteHost) {
  SeenRequest seen;
  FakeHelper helper(give_verdict(true, "", &seen));
  PamLogin login("alice", "", nullptr);
  EXPECT_EQ(login.account(), PAM_SUCCESS);
  EXPECT_EQ(seen.remote_host, "");
}

TEST(Account, IsRefusedWithTheHelpersSentence) {
  FakeHelper helper(give_verdict(false, "labgpu: alice is locked; ask the administrator"));
  PamLogin login("alice");
  EXPECT_EQ(login.account(), PAM_PERM_DENIED);
  EXPECT_THAT(login.texts(), ElementsAre("labgpu: alice is locked; ask the administrator"));
  EXPECT_THAT(logged(), HasSubstr("alice may not log in: labgpu: alice is locked"));
}

TEST(Account, IsRefusedWithoutATextWhenNoneIsWanted) {
  FakeHelper helper(give_verdict(false, "no"));
  PamLogin login("alice");
  EXPECT_EQ(login.account(static_cast<int>(PAM_SILENT)), PAM_PERM_DENIED);
  EXPECT_THAT(login.texts(), IsEmpty());
}

TEST(Account, IsRefusedWhenTheHelperFails) {
  FakeHelper helper(give_failure(FailureCode::kSystem, "labgpu: the disk is full"));
  PamLogin login("alice");
  EXPECT_EQ(login.account(), PAM_AUTHINFO_UNAVAIL);
  EXPECT_THAT(login.texts(), ElementsAre("labgpu: the disk is full"));
}

constexpr char kNoAnswer[] =
    "labgpu: the labgpu service on this server does not answer, so alice cannot log in now; tell "
    "the administrator (systemctl status labgpud)";

TEST(Account, IsRefusedWithoutAHelper) {
  PamLogin login("alice");
  EXPECT_EQ(login.account(), PAM_AUTHINFO_UNAVAIL);
  EXPECT_THAT(login.texts(), ElementsAre(kNoAnswer));
  EXPECT_THAT(logged(), HasSubstr("alice may not log in: labgpud does not answer: No such file"));
}

TEST(Account, IsRefusedWhenTheHelperHangsUp) {
  FakeHelper helper(hang_up);
  PamLogin login("alice");
  EXPECT_EQ(login.account(), PAM_AUTHINFO_UNAVAIL);
  EXPECT_THAT(login.texts(), ElementsAre(kNoAnswer));
}

TEST(Account, WaitsFiveSecondsForASilentHelperWhateverTheTimeout) {
  FakeHelper helper(wait_for_end);
  PamLogin login("alice", "timeout=60");
  auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(login.account(), PAM_AUTHINFO_UNAVAIL);
  std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  EXPECT_GE(took.count(), 4.9);
  EXPECT_LT(took.count(), 6.5);
  EXPECT_THAT(login.texts(), ElementsAre(kNoAnswer));
}

}  // namespace
}  // namespace labgpu::test
