// Home directories: owner and mode, what is there already, links and foreign parents.
#include "helper/home_directory.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/temporary_directory.h"

namespace labgpu {
namespace {

using testing::HasSubstr;

constexpr uint32_t kUid = 20001;

std::string refusal(const std::string& path) {
  auto made = make_home(path, kUid, kUid);
  return made ? "accepted" : made.error().message;
}

TEST(HomeDirectory, IsMadeForItsOwnerAlone) {
  test::TemporaryDirectory directory;
  auto path = directory / "alice";
  EXPECT_EQ(make_home(path, kUid, kUid), true);
  struct stat status {};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode, S_IFDIR | 0700U);
  EXPECT_EQ(status.st_uid, kUid);
  EXPECT_EQ(status.st_gid, kUid);
  EXPECT_EQ(make_home(path, kUid, kUid), false);  // there already, and hers
}

TEST(HomeDirectory, SomebodyElsesIsRefused) {
  test::TemporaryDirectory directory;
  auto path = directory / "alice";
  ASSERT_EQ(mkdir(path.c_str(), 0755), 0);
  ASSERT_EQ(chown(path.c_str(), 4711, 4711), 0);
  EXPECT_THAT(refusal(path), HasSubstr("belongs to uid 4711"));
  test::write_file(directory / "file", "");
  EXPECT_THAT(refusal(directory / "file"), HasSubstr("not a directory"));
  ASSERT_EQ(symlink(path.c_str(), (directory / "link").c_str()), 0);
  EXPECT_THAT(refusal(directory / "link"), HasSubstr("not a directory"));
}

TEST(HomeDirectory, EverythingAboveMustBeRoots) {
  test::TemporaryDirectory directory;
  auto parent = directory / "homes";
  EXPECT_THAT(refusal(parent + "/alice"), HasSubstr(parent));  // is not there
  ASSERT_EQ(mkdir(parent.c_str(), 0755), 0);
  ASSERT_EQ(symlink(parent.c_str(), (directory / "link").c_str()), 0);
  EXPECT_THAT(refusal((directory / "link") + "/alice"), HasSubstr("symbolic link"));
  ASSERT_EQ(chmod(parent.c_str(), 0777), 0);
  EXPECT_THAT(refusal(parent + "/alice"), HasSubstr("belong to root"));
  ASSERT_EQ(chmod(parent.c_str(), 0755), 0);
  ASSERT_EQ(chown(parent.c_str(), 4711, 0), 0);
  EXPECT_THAT(refusal(parent + "/alice"), HasSubstr("belong to root"));
  EXPECT_NE(access((parent + "/alice").c_str(), F_OK), 0);
}

TEST(HomeDirectory, OneThatAKilledHelperLeftIsMadeAnew) {
  test::TemporaryDirectory directory;
  auto path = directory / "alice";
  ASSERT_EQ(mkdir(path.c_str(), 0700), 0);
  ASSERT_EQ(make_home(path, kUid, kUid), true);
  struct stat status {};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, kUid);
}

TEST(HomeDirectory, AnEmptyOneOfAnAccountThatNeverCameToBeIsMadeAnew) {
  test::TemporaryDirectory directory;
  auto path = directory / "alice";
  ASSERT_EQ(make_home(path, kUid, kUid), true);
  EXPECT_FALSE(make_home(path, kUid + 2, kUid + 2, {kUid + 1}));
  ASSERT_EQ(make_home(path, kUid + 2, kUid + 2, {kUid + 1, kUid}), true);
  struct stat status {};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, kUid + 2);
  test::write_file(path + "/file", "x");
  EXPECT_FALSE(make_home(path, kUid, kUid, {kUid + 2}));
}

TEST(HomeDirectory, RootsOwnFilesAreNobodysHome) {
  test::TemporaryDirectory directory;
  auto path = directory / "alice";
  ASSERT_EQ(mkdir(path.c_str(), 0700), 0);
  test::write_file(path + "/file", "x");
  EXPECT_THAT(refusal(path), HasSubstr("belongs to uid 0"));
  EXPECT_EQ(access((path + "/file").c_str(), F_OK), 0);
}

TEST(HomeDirectory, OnlyAnEmptyOneIsTakenBack) {
  test::TemporaryDirectory directory;
  auto path = directory / "alice";
  ASSERT_EQ(make_home(path, kUid, kUid), true);
  test::write_file(path + "/file", "x");
  remove_new_home(path);
  EXPECT_EQ(access(path.c_str(), F_OK), 0);
  ASSERT_EQ(unlink((path + "/file").c_str()), 0);
  remove_new_home(path);
  EXPECT_NE(access(path.c_str(), F_OK), 0);
}

}  // namespace
}  // namespace labgpu
