// Whose account is it: for every name that is not labgpu's, nothing is contacted and all is
// ignored.
#include <gtest/gtest.h>

#include <filesystem>

#include "common/paths.h"
#include "tests/module/pam/fake_helper.h"
#include "tests/module/pam/pam_login.h"
#include "tests/module/pam/sandbox.h"
#include "tests/module/pam/user_child.h"

namespace labgpu::test {
namespace {

class Unmanaged : public testing::TestWithParam<const char*> {};

TEST_P(Unmanaged, IsIgnoredByEveryEntryPointAndAsksNobody) {
  FakeHelper helper(wait_for_end);
  // A bad option is not even looked at.
  PamLogin login(GetParam(), "timeout=never");
  login.put_environment("LD_PRELOAD=/home/dave/lib.so");

  EXPECT_EQ(login.account(), kIgnored);
  EXPECT_EQ(login.setcred(), kIgnored);
  EXPECT_EQ(login.open_session(), kIgnored);
  View before = look_around(login);
  UserChild child(login);
  EXPECT_EQ(child.result(), kIgnored);
  EXPECT_EQ(child.view().at("mnt"), before["mnt"]);
  EXPECT_EQ(child.view().at("net"), before["net"]);
  EXPECT_EQ(child.view().at("environment"), "LD_PRELOAD=/home/dave/lib.so ");
  EXPECT_EQ(login.close_session(), kIgnored);
  EXPECT_EQ(login.setcred(PAM_DELETE_CRED), kIgnored);
  for (int flags : {0, int{PAM_CHANGE_EXPIRED_AUTHTOK}}) {
    EXPECT_EQ(login.change_password({}, flags), kIgnored);
  }
  EXPECT_TRUE(login.questions().empty());

  EXPECT_EQ(helper.connections(), 0);
  EXPECT_TRUE(login.texts().empty());
  EXPECT_EQ(logged(), "");
}

INSTANTIATE_TEST_SUITE_P(Names, Unmanaged,
                         testing::Values("root", "toor", "carol", "dave", "nobody-by-this-name",
                                         "../alice", "-alice", "alice\n", ""));

class Managed : public testing::TestWithParam<const char*> {};

TEST_P(Managed, IsServedByEveryEntryPoint) {
  FakeHelper helper(give_session({}));
  PamLogin login(GetParam());
  EXPECT_EQ(login.setcred(), PAM_SUCCESS);
  EXPECT_EQ(login.open_session(), PAM_SUCCESS);
  EXPECT_TRUE(helper.has_served(1));
  EXPECT_EQ(login.close_session(), PAM_SUCCESS);
  EXPECT_EQ(login.setcred(PAM_DELETE_CRED), PAM_SUCCESS);
}

INSTANTIATE_TEST_SUITE_P(Names, Managed, testing::Values("alice", "bob", "erin"));

// A handle of its own: once pam_authenticate ran, libpam lets its results steer setcred.
TEST(Authenticate, IsIgnoredForEverybody) {
  FakeHelper helper(wait_for_end);
  for (const char* user : {"alice", "dave", "root"}) {
    PamLogin login(user);
    EXPECT_EQ(login.authenticate(), kIgnored);
  }
  EXPECT_EQ(helper.connections(), 0);
}

// Takes the index away for as long as it lives.
class IndexReplaced {
 public:
  explicit IndexReplaced(const std::string& content) : kept_(read_file(kPasswdIndex)) {
    write_file(kPasswdIndex, content);
  }
  ~IndexReplaced() { write_file(kPasswdIndex, kept_); }

 private:
  std::string kept_;
};

TEST(DamagedIndex, LeavesUsersManagedByTheirShellAndHostAccountsAlone) {
  FakeHelper helper(give_session({}));
  for (const std::string& content : {std::string(), std::string(2048, '\xff')}) {
    IndexReplaced replaced(content);
    PamLogin alice("alice");
    EXPECT_EQ(alice.setcred(), PAM_SUCCESS);
    EXPECT_EQ(alice.open_session(), PAM_SUCCESS);
    PamLogin dave("dave");
    EXPECT_EQ(dave.setcred(), kIgnored);
    EXPECT_EQ(dave.open_session(), kIgnored);
  }
}

TEST(DamagedIndex, DoesNotChangeTheMindAboutALoginThatBegan) {
  FakeHelper helper(give_session({}));
  PamLogin login("bob");
  ASSERT_EQ(login.setcred(), PAM_SUCCESS);
  IndexReplaced replaced("");
  EXPECT_EQ(login.open_session(), PAM_SUCCESS);
  View before = look_around(login);
  UserChild child(login);
  EXPECT_EQ(child.result(), PAM_SUCCESS);
  EXPECT_NE(child.view().at("net"), before["net"]);
}

}  // namespace
}  // namespace labgpu::test
