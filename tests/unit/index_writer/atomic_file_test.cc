// helper/atomic_file.h: the old file or the new one, never half of either.
#include "helper/atomic_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/temporary_directory.h"

namespace labgpu {
namespace {

using test::read_file;
using test::write_file;

class AtomicFileTest : public testing::Test {
 protected:
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
      found.push_back(entry.path().filename());
    }
    return found;
  }
  test::TemporaryDirectory directory_;
  std::string path_ = directory_ / "record";
};

TEST_F(AtomicFileTest, ReplacesTheWholeFile) {
  ASSERT_NO_FATAL_FAILURE(write_file(path_, "the old content, which is longer"));
  ASSERT_TRUE(replace_file(path_, "new", 0640, geteuid(), getegid()));
  EXPECT_EQ(read_file(path_), "new");
  struct stat status {};
  ASSERT_EQ(stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0640U);
  EXPECT_THAT(names(), testing::ElementsAre("record"));
}

TEST_F(AtomicFileTest, GivesTheFileItsOwner) {
  ASSERT_EQ(geteuid(), 0U) << "the tests run as root";
  ASSERT_TRUE(replace_file(path_, "new", 0600, 12, 34));
  struct stat status {};
  ASSERT_EQ(stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, 12U);
  EXPECT_EQ(status.st_gid, 34U);
}

TEST_F(AtomicFileTest, IsNotSeenBeforeItIsCommitted) {
  ASSERT_NO_FATAL_FAILURE(write_file(path_, "old"));
  {
    auto file = AtomicFile::create(path_);
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->write("new"));
    EXPECT_EQ(read_file(path_), "old");
    struct stat status {};
    ASSERT_EQ(fstat(file->fd(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0600U) << "nobody else may read it meanwhile";
  }
  EXPECT_EQ(read_file(path_), "old") << "never committed";
  EXPECT_THAT(names(), testing::ElementsAre("record"));
}

TEST_F(AtomicFileTest, MovesWithoutCommittingOrRemoving) {
  auto first = AtomicFile::create(path_);
  ASSERT_TRUE(first);
  AtomicFile second = std::move(*first);
  ASSERT_TRUE(second.write("new"));
  ASSERT_TRUE(second.commit(0600, geteuid(), getegid()));
  EXPECT_EQ(read_file(path_), "new");
}

TEST_F(AtomicFileTest, TakesOverWhatAKilledWriterLeft) {
  ASSERT_NO_FATAL_FAILURE(write_file(directory_ / ".record.new", "half of some"));
  ASSERT_TRUE(replace_file(path_, "new", 0600, geteuid(), getegid()));
  EXPECT_EQ(read_file(path_), "new");
  EXPECT_THAT(names(), testing::ElementsAre("record"));
}

TEST_F(AtomicFileTest, FollowsNoLinkAtTheTemporaryName) {
  ASSERT_NO_FATAL_FAILURE(write_file(directory_ / "victim", "untouched"));
  std::filesystem::create_symlink(directory_ / "victim", directory_ / ".record.new");
  ASSERT_TRUE(replace_file(path_, "new", 0600, geteuid(), getegid()));
  EXPECT_EQ(read_file(directory_ / "victim"), "untouched");
}

TEST_F(AtomicFileTest, ReplacesALinkAndNotItsTarget) {
  ASSERT_NO_FATAL_FAILURE(write_file(directory_ / "victim", "untouched"));
  std::filesystem::create_symlink(directory_ / "victim", path_);
  ASSERT_TRUE(replace_file(path_, "new", 0600, geteuid(), getegid()));
  EXPECT_EQ(read_file(directory_ / "victim"), "untouched");
  EXPECT_FALSE(std::filesystem::is_symlink(path_));
}

TEST_F(AtomicFileTest, AFullDiskLeavesTheOldFile) {
  ASSERT_NO_FATAL_FAILURE(write_file(path_, "old"));
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  auto* handler = signal(SIGXFSZ, SIG_IGN);
  const rlimit small{.rlim_cur = 4096, .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  auto replaced = replace_file(path_, std::string(8192, 'x'), 0600, geteuid(), getegid());
  setrlimit(RLIMIT_FSIZE, &before);
  signal(SIGXFSZ, handler);
  ASSERT_FALSE(replaced);
  EXPECT_EQ(replaced.error().code, ErrorCode::kSystem);
  EXPECT_THAT(replaced.error().message, testing::HasSubstr(path_ + " stays as it was"));
  EXPECT_EQ(read_file(path_), "old");
  EXPECT_THAT(names(), testing::ElementsAre("record"));
}

TEST_F(AtomicFileTest, NamesTheMissingDirectory) {
  auto replaced = replace_file(directory_ / "none/record", "new", 0600, geteuid(), getegid());
  ASSERT_FALSE(replaced);
  EXPECT_THAT(replaced.error().message, testing::HasSubstr(directory_ / "none"));
}

TEST_F(AtomicFileTest, LeaksNoDescriptor) {
  size_t before = test::open_descriptors();
  ASSERT_TRUE(replace_file(path_, "new", 0600, geteuid(), getegid()));
  { auto abandoned = AtomicFile::create(path_); }
  EXPECT_EQ(test::open_descriptors(), before);
}

}  // namespace
}  // namespace labgpu
