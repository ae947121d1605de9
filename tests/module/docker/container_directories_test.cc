// The host's side of the mounts: modes, owners, and what users may have put in the way.
#include "helper/container_directories.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

namespace labgpu {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

class ContainerDirectoriesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char directory[] = "/run/labgpu-directories-test-XXXXXX";
    ASSERT_NE(mkdtemp(directory), nullptr);
    root_ = directory;
    account_.name = "alice";
    account_.uid = account_.gid = 54321;
    account_.home = root_ + "/alice";
    fs::create_directory(account_.home);
    chown(account_.home.c_str(), account_.uid, account_.gid);
  }
  void TearDown() override { fs::remove_all(root_); }

  Result<void> prepare(const std::string& source) {
    return prepare_mount_sources(account_, {{source, "/data", false}});
  }
  static struct stat status_of(const std::string& path) {
    struct stat status {};
    EXPECT_EQ(stat(path.c_str(), &status), 0) << path;
    return status;
  }

  std::string root_;
  Account account_;
};

TEST_F(ContainerDirectoriesTest, AreMadeOnceWithTheirModes) {
  mode_t before = umask(077);
  ASSERT_TRUE(open_container_directories(root_, "alice"));
  umask(before);
  std::string own = root_ + "/containers/alice";
  EXPECT_EQ(status_of(own).st_mode & 07777, 0700U);
  EXPECT_EQ(status_of(own + "/run").st_mode & 07777, 0700U);
  EXPECT_EQ(status_of(own + "/tmp").st_mode & 07777, 01777U);
  chmod((own + "/tmp").c_str(), 0755);  // container root's right
  ASSERT_TRUE(open_container_directories(root_, "alice"));
  EXPECT_EQ(status_of(own + "/tmp").st_mode & 07777, 0755U);
}

TEST_F(ContainerDirectoriesTest, AnAccountOfTheHostGetsNoHomeThatIsNotItsOwn) {
  account_.bridged = true;
  EXPECT_TRUE(prepare_mount_sources(account_, {}));
  account_.home = root_ + "/other";
  auto missing = prepare_mount_sources(account_, {});
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message, HasSubstr("home directory of alice"));
  fs::create_directory(account_.home);
  auto foreign = prepare_mount_sources(account_, {});
  ASSERT_FALSE(foreign);
  EXPECT_THAT(foreign.error().message, HasSubstr("belongs to uid 0, and not to 54321"));
  for (const char* home : {"/", "/etc", "/root"}) {
    account_.home = home;
    EXPECT_FALSE(prepare_mount_sources(account_, {})) << home;
  }
}

TEST_F(ContainerDirectoriesTest, SymbolicLinkIsRefused) {
  fs::create_directories(root_ + "/containers/alice");
  fs::create_directory_symlink("/etc", root_ + "/containers/alice/tmp");
  EXPECT_FALSE(open_container_directories(root_, "alice"));
}

TEST_F(ContainerDirectoriesTest, RemovalFollowsNoLink) {
  ASSERT_TRUE(open_container_directories(root_, "alice"));
  fs::create_directory(root_ + "/precious");
  fs::create_directory_symlink(root_ + "/precious", root_ + "/containers/alice/tmp/link");
  TreeWork work;
  ASSERT_TRUE(remove_container_directories(root_, "alice", work));
  EXPECT_FALSE(fs::exists(root_ + "/containers/alice"));
  EXPECT_TRUE(fs::exists(root_ + "/precious"));
  EXPECT_TRUE(remove_container_directories(root_, "alice", work));
}

TEST_F(ContainerDirectoriesTest, LinkIsMadeReplacedAndRemoved) {
  ASSERT_TRUE(open_container_directories(root_, "alice"));
  std::string link = root_ + "/containers/alice/hosts";
  fs::create_symlink("/left/by/a/crash", link + ".new");
  for (const char* target : {"/first/hosts", "/second/hosts", "/second/hosts"}) {
    ASSERT_TRUE(link_beside_directories(root_, "alice", "hosts", target));
    EXPECT_EQ(fs::read_symlink(link), target);
  }
  for (int time = 0; time < 2; ++time) {
    ASSERT_TRUE(link_beside_directories(root_, "alice", "hosts", ""));
    EXPECT_FALSE(fs::is_symlink(link));
  }
  EXPECT_FALSE(fs::is_symlink(link + ".new"));
  Result<void> nowhere = link_beside_directories(root_, "nobody", "hosts", "/first/hosts");
  ASSERT_FALSE(nowhere);
  EXPECT_THAT(nowhere.error().message, HasSubstr("/containers/nobody/hosts"));
}

TEST_F(ContainerDirectoriesTest, UsersOwnSourceIsMade) {
  fs::create_directory(root_ + "/data");
  ASSERT_TRUE(prepare(root_ + "/data/alice"));
  struct stat made = status_of(root_ + "/data/alice");
  EXPECT_EQ(made.st_mode & 07777, 0700U);
  EXPECT_EQ(made.st_uid, account_.uid);
  EXPECT_EQ(made.st_gid, account_.gid);
  EXPECT_TRUE(prepare(root_ + "/data/alice"));
}

TEST_F(ContainerDirectoriesTest, OtherMissingSourceIsAnErrorThatNamesTheSetting) {
  Result<void> prepared = prepare(root_ + "/data");
  ASSERT_FALSE(prepared);
  EXPECT_THAT(prepared.error().message,
              AllOf(HasSubstr("mounts"), HasSubstr(root_ + "/data: No such file")));
  EXPECT_FALSE(prepare(root_ + "/malice"));  // the name is no component of it
  EXPECT_FALSE(prepare(root_ + "/none/alice"));
}

TEST_F(ContainerDirectoriesTest, SourceInAUsersDirectoryIsRefused) {
  fs::create_directory(account_.home + "/data");
  Result<void> prepared = prepare(account_.home + "/data");
  ASSERT_FALSE(prepared);
  EXPECT_THAT(prepared.error().message, HasSubstr("may be changed by others than root"));
}

TEST_F(ContainerDirectoriesTest, SourceThroughALinkIsRefused) {
  fs::create_directory(root_ + "/true");
  fs::create_directory_symlink(root_ + "/true", root_ + "/link");
  for (const char* path : {"/link", "/link/alice"}) {
    Result<void> prepared = prepare(root_ + path);
    ASSERT_FALSE(prepared) << path;
    EXPECT_THAT(prepared.error().message, HasSubstr("symbolic link"));
  }
}

TEST_F(ContainerDirectoriesTest, SourceBelowAGroupsDirectoryIsRefused) {
  fs::create_directory(root_ + "/shared");
  chmod((root_ + "/shared").c_str(), 0775);
  EXPECT_FALSE(prepare(root_ + "/shared/alice"));
  EXPECT_TRUE(prepare(root_ + "/shared"));
}

TEST_F(ContainerDirectoriesTest, MissingHomeIsAnError) {
  fs::remove(account_.home);
  Result<void> prepared = prepare_mount_sources(account_, {});
  ASSERT_FALSE(prepared);
  EXPECT_THAT(prepared.error().message, HasSubstr("the home directory of alice"));
  EXPECT_FALSE(fs::exists(account_.home));
}

}  // namespace
}  // namespace labgpu
