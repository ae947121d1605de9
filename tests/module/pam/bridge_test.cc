// Accounts of the host whose group gives them a container: who they are, and what sshd's user child
// can execute for them.
#include <errno.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "common/paths.h"
#include "tests/module/pam/executing.h"
#include "tests/module/pam/fake_container.h"
#include "tests/module/pam/fake_helper.h"
#include "tests/module/pam/pam_login.h"
#include "tests/module/pam/sandbox.h"
#include "tests/module/pam/user_child.h"
#include "tests/support/cdb_file.h"

namespace labgpu::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Bridge : public testing::Test {
 protected:
  Bridge() { publish({{"*", "1000:nowhere,gpuusers"}}); }
  ~Bridge() override { unlink(kBridgeIndex); }
  static void publish(const Records& records) { write_cdb(kBridgeIndex, records); }

  static void expect_ignored(const char* user) {
    FakeHelper helper(wait_for_end);
    PamLogin login(user);
    EXPECT_EQ(login.account(), kIgnored) << user;
    EXPECT_EQ(login.setcred(), kIgnored) << user;
    EXPECT_EQ(login.open_session(), kIgnored) << user;
    EXPECT_EQ(login.change_password({}), kIgnored) << user;
    EXPECT_EQ(helper.connections(), 0) << user;
    EXPECT_EQ(logged(), "");
  }
  // Without asking the helper.
  static void expect_refused(const char* user) {
    FakeHelper helper(wait_for_end);
    PamLogin login(user);
    EXPECT_EQ(login.account(), PAM_AUTHINFO_UNAVAIL) << user;
    EXPECT_THAT(login.texts(), ElementsAre(HasSubstr("cannot tell now"))) << user;
    EXPECT_EQ(helper.connections(), 0) << user;
    EXPECT_THAT(logged(), HasSubstr("may not log in")) << user;
  }
  // What the helper is told of the account.
  static std::string told_of(const char* user) {
    SeenRequest seen;
    FakeHelper helper(give_verdict(true, "", &seen));
    PamLogin login(user);
    EXPECT_EQ(login.account(), PAM_SUCCESS);
    EXPECT_EQ(seen.user, user);
    return seen.host;
  }
};

TEST_F(Bridge, MembersAreToldToTheHelper) {
  EXPECT_EQ(told_of("gwen"), "1 61010:61010 gwen /home/gwen Gwen G.");
  EXPECT_EQ(told_of("gary"), "1 61012:61100 gpuusers /home/gary ");
}

TEST_F(Bridge, TheSessionIsOpenedWithTheSame) {
  SeenRequest seen;
  FakeHelper helper(give_session({}, &seen));
  PamLogin login("gwen");
  EXPECT_EQ(login.setcred(), PAM_SUCCESS);
  EXPECT_EQ(login.open_session(), PAM_SUCCESS);
  ASSERT_TRUE(helper.has_served(1));
  EXPECT_EQ(seen.type, MessageType::kOpenSession);
  EXPECT_EQ(seen.host, "1 61010:61010 gwen /home/gwen Gwen G.");
}

TEST_F(Bridge, NothingIsToldOfLabgpusOwn) {
  EXPECT_EQ(told_of("alice"), "0 0:0   ");
  EXPECT_EQ(told_of("erin"), "0 0:0   ");
}

TEST_F(Bridge, OthersAreNotTouched) {
  for (const char* user : {"root", "toor", "dave", "carol", "seth", "nobody-by-this-name"}) {
    expect_ignored(user);
  }
}

TEST_F(Bridge, NobodyIsServedWithoutTheIndex) {
  unlink(kBridgeIndex);
  expect_ignored("gwen");
}

TEST_F(Bridge, NobodyIsServedBelowTheFirstUid) {
  publish({{"*", "61011:gpuusers"}});
  expect_ignored("gwen");
  EXPECT_EQ(told_of("gary"), "1 61012:61100 gpuusers /home/gary ");
}

TEST_F(Bridge, WhoHasLeftTheGroupsIsTheHostsAgain) {
  publish({{"*", "1000:gpuusers"}, {"=dave", "61004"}, {"#61004", "dave"}});
  expect_ignored("dave");
}

TEST_F(Bridge, WhoHadAContainerIsRefusedWhileAGroupIsNotFound) {
  // The uid is enough: the container's files are behind it, whatever the account is called now.
  for (const Records& records : {Records{{"=dave", "61004"}}, Records{{"#61004", "david"}}}) {
    Records all{{"*", "1000:gpuusers,nowhere"}, {"=seth", "900"}, {"#900", "seth"}, {"=root", "0"}};
    all.insert(all.end(), records.begin(), records.end());
    publish(all);
    expect_refused("dave");
    for (const char* user : {"carol", "seth", "root"}) expect_ignored(user);
    EXPECT_EQ(told_of("gwen"), "1 61010:61010 gwen /home/gwen Gwen G.");
  }
}

// The account line may be missing.
TEST_F(Bridge, NobodyGetsAContainerWhileItIsUnclearWhoseTheAccountIs) {
  publish({{"*", "1000:nowhere"}, {"=dave", "61004"}});
  FakeHelper helper(wait_for_end);
  PamLogin login("dave");
  EXPECT_EQ(login.setcred(), PAM_SUCCESS);
  EXPECT_EQ(login.open_session(), PAM_SUCCESS);
  EXPECT_EQ(helper.connections(), 0);
  EXPECT_THAT(logged(), HasSubstr("dave logs in without a container"));
}

TEST_F(Bridge, ADamagedIndexRefusesTheMembersThatSshdKnows) {
  write_file(kSshdDropIn, "Match User *,!root Group labgpu,gpuusers\n");
  for (const std::string& content : {std::string(), std::string(4096, '\xff')}) {
    write_file(kBridgeIndex, content);
    for (const char* user : {"gwen", "gary"}) expect_refused(user);
    for (const char* user : {"root", "seth", "dave", "carol"}) expect_ignored(user);
    EXPECT_EQ(told_of("alice"), "0 0:0   ");
  }
  unlink(kSshdDropIn);
  expect_ignored("gwen");
}

TEST_F(Bridge, FailsClosedWithoutAHelper) {
  PamLogin login("gwen");
  EXPECT_EQ(login.account(), PAM_AUTHINFO_UNAVAIL);
  EXPECT_THAT(login.texts(), ElementsAre(HasSubstr("so gwen cannot log in now")));
}

TEST_F(Bridge, AnAccountWithoutALoginShellHasNone) {
  FakeHelper helper(give_verdict(true));
  PamLogin login("nina");
  EXPECT_EQ(login.account(), PAM_PERM_DENIED);
  EXPECT_THAT(login.texts(), ElementsAre(HasSubstr("no login shell")));
  EXPECT_EQ(helper.connections(), 0);
}

TEST_F(Bridge, PasswordsAreTheHostsToChange) {
  publish({{"*", "1000:gpuusers,nowhere"}, {"=dave", "61004"}});
  FakeHelper helper(give_verdict(true, "", nullptr, true));
  for (const char* user : {"gwen", "gary", "dave"}) {
    for (int flags : {0, int{PAM_CHANGE_EXPIRED_AUTHTOK}}) {
      PamLogin login(user);
      EXPECT_EQ(login.change_password({"geheim", "neu", "neu"}, flags), kIgnored) << user;
      EXPECT_TRUE(login.questions().empty()) << user;
    }
  }
  EXPECT_EQ(helper.connections(), 0);
  // The helper does not say so of them; and if it did, it would not count.
  PamLogin login("gwen");
  EXPECT_EQ(login.authenticate(), kIgnored);
  EXPECT_EQ(login.account(), PAM_SUCCESS);
  EXPECT_EQ(helper.connections(), 1);
}

TEST_F(Bridge, TheMindIsMadeUpOncePerLogin) {
  FakeHelper helper(give_session({}));
  PamLogin login("gwen");
  ASSERT_EQ(login.setcred(), PAM_SUCCESS);
  unlink(kBridgeIndex);
  EXPECT_EQ(login.open_session(), PAM_SUCCESS);
  EXPECT_TRUE(helper.has_served(1));
  EXPECT_EQ(helper.connections(), 1);
  PamLogin dave("dave");
  EXPECT_EQ(dave.setcred(), kIgnored);
  publish({{"*", "1000:gpuusers"}, {"=dave", "61004"}});
  EXPECT_EQ(dave.open_session(), kIgnored);
}

// --- the programs in the user child's view

TEST_F(Bridge, TheShellIsTheSessionCommand) {
  EXPECT_EQ(in_user_child("gwen",
                          [] {
                            return output_of({"/bin/bash", "-c", "touch /x"});
                          }),
            "session [/bin/bash] [-c] [touch /x]\n");
  // No shell is /bin/sh, and with that sshd runs xauth too.
  EXPECT_EQ(in_user_child("gary", [] { return output_of({"/bin/sh"}); }), "session [/bin/sh]\n");
  EXPECT_EQ(in_user_child("gwen",
                          [] {
                            return output_of({"/bin/sh", "-c", "xauth -q -"});
                          }),
            "session [/bin/sh] [-c] [xauth -q -]\n");
}

TEST_F(Bridge, UsersOwnCommandsCanBeExecuted) {
  std::string self = kSelfCommand;
  EXPECT_EQ(in_user_child("gwen",
                          [&] {
                            return output_of({self, "status"});
                          }),
            "session [" + self + "] [status]\n");
}

// As in the middle of an update.
TEST_F(Bridge, ALoginDoesNotWantTheProgramForUsersOwnCommands) {
  namespace fs = std::filesystem;
  fs::copy_file(kSelfCommand, "/var/lib/aside");
  fs::remove(kSelfCommand);
  EXPECT_EQ(in_user_child("gwen",
                          [] {
                            return output_of({"/bin/bash", "-c", "x"});
                          }),
            "session [/bin/bash] [-c] [x]\n");
  fs::copy_file("/var/lib/aside", kSelfCommand);
}

TEST_F(Bridge, NothingElseCanBeExecuted) {
  for (std::string program : {"/usr/bin/dash", "/usr/bin/python3", "/bin/true", "/usr/bin/env"}) {
    if (std::filesystem::canonical(program) == std::filesystem::canonical("/bin/sh")) continue;
    EXPECT_EQ(in_user_child("gwen", [&] { return output_of({program}); }), strerror(EACCES))
        << program;
  }
}

// As the update of a package does, and as somebody may whose shell is in a directory of their own.
TEST_F(Bridge, AShellThatIsReplacedCannotBeExecuted) {
  namespace fs = std::filesystem;
  const fs::path shell = "/var/lib/shells/hsh";
  auto put = [&] {
    fs::create_directories(shell.parent_path());
    fs::copy_file("/usr/bin/echo", shell);
  };
  put();
  EXPECT_EQ(output_of({shell, "echoes"}), "echoes\n");
  EXPECT_EQ(in_user_child("hugo",
                          [&] {
                            return output_of({shell, "x"});
                          }),
            "session [" + shell.string() + "] [x]\n");
  EXPECT_EQ(in_user_child("hugo",
                          [&] {
                            fs::rename(shell.parent_path(), "/var/lib/gone");
                            put();
                            return output_of({shell, "x"});
                          }),
            strerror(EACCES));
}

// What an automounter mounts later would come with the right to be executed.
TEST_F(Bridge, NothingIsMountedThereLater) {
  const char* shared = "/var/lib/shared";
  mkdir(shared, 0755);
  ASSERT_EQ(mount("tmpfs", shared, "tmpfs", 0, nullptr), 0);
  ASSERT_EQ(mount(nullptr, shared, nullptr, MS_SHARED, nullptr), 0);
  auto follows_the_host = [] {
    auto mounts = read_file("/proc/self/mountinfo");
    return std::string(mounts.find(" master:") != std::string::npos ? "yes" : "no");
  };
  EXPECT_EQ(in_user_child("alice", follows_the_host), "yes");
  EXPECT_EQ(in_user_child("gwen", follows_the_host), "no");
  umount(shared);
}

TEST_F(Bridge, TheHostKeepsItsPrograms) {
  in_user_child("gwen", [] { return std::string("in"); });
  EXPECT_EQ(output_of({"/bin/bash", "-c", "echo works"}), "works\n");
}

// A copy in /etc/passwd of one of labgpu's own accounts may name another shell.
TEST_F(Bridge, HoldsForLabgpusOwnAccountsWithAShellOfTheHost) {
  EXPECT_EQ(in_user_child("bob", [] { return output_of({"/bin/bash"}); }), "session [/bin/bash]\n");
}

}  // namespace
}  // namespace labgpu::test
