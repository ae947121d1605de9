// The PAM environment: sshd runs a shell on the host with it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/module/pam/fake_helper.h"
#include "tests/module/pam/pam_login.h"
#include "tests/module/pam/user_child.h"

namespace labgpu::test {
namespace {

using testing::ElementsAre;

void put_all_sorts(PamLogin& login) {
  const std::string huge(100000, 'x');
  for (const std::string& assignment :
       {std::string("LD_PRELOAD=/home/alice/evil.so"), std::string("PATH=/home/alice/bin"),
        std::string("HOME=/"), std::string("BASH_ENV=/home/alice/x"), std::string("ENV=x"),
        std::string("LANG=zh_CN.UTF-8"), std::string("LC_ALL=en_US.utf8@euro"),
        std::string("LC_TIME=../../home/alice"), std::string("LC_PAPER=%n%n"),
        std::string("LANGUAGE=de"), std::string("LOCPATH=/home/alice"),
        std::string("TZ=:/home/alice/tz"), std::string("XDG_SESSION_ID=1"),
        std::string("XDG_RUNTIME_DIR=/run/user/0"), std::string("LANGUAGES=x"), std::string("LC=x"),
        std::string("HUGE=") + huge, std::string("EMPTY="), std::string("LC_CTYPE=")}) {
    ASSERT_EQ(login.put_environment(assignment), PAM_SUCCESS) << assignment;
  }
}

TEST(Environment, KeepsPlainLocalesOnlyAndIsCleanedByOpenSession) {
  FakeHelper helper(give_session({}));
  PamLogin login("alice");
  ASSERT_EQ(login.setcred(), PAM_SUCCESS);
  put_all_sorts(login);
  ASSERT_EQ(login.open_session(), PAM_SUCCESS);
  EXPECT_THAT(login.environment(),
              ElementsAre("LANG=zh_CN.UTF-8", "LC_ALL=en_US.utf8@euro", "LC_CTYPE="));
}

TEST(Environment, IsCleanedAgainInTheUserChild) {
  FakeHelper helper(give_session({}));
  PamLogin login("alice");
  ASSERT_EQ(login.setcred(), PAM_SUCCESS);
  ASSERT_EQ(login.open_session(), PAM_SUCCESS);
  put_all_sorts(login);  // as by a module that stands after ours
  UserChild child(login);
  ASSERT_EQ(child.result(), PAM_SUCCESS);
  EXPECT_EQ(child.view().at("environment"), "LANG=zh_CN.UTF-8 LC_ALL=en_US.utf8@euro LC_CTYPE= ");
}

}  // namespace
}  // namespace labgpu::test
