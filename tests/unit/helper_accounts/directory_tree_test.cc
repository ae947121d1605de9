// Trees as root in a container may leave them: nothing outside is touched, nothing inside remains.
#include "helper/directory_tree.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "common/unique_fd.h"
#include "helper/home_directory.h"
#include "tests/support/temporary_directory.h"

namespace labgpu::test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

class BindMount {
 public:
  BindMount(const std::string& source, std::string target) : target_(std::move(target)) {
    EXPECT_EQ(mount(source.c_str(), target_.c_str(), nullptr, MS_BIND, nullptr), 0);
  }
  BindMount(const BindMount&) = delete;
  BindMount& operator=(const BindMount&) = delete;
  ~BindMount() { umount2(target_.c_str(), MNT_DETACH); }

 private:
  std::string target_;
};

class DirectoryTreeTest : public testing::Test {
 protected:
  DirectoryTreeTest() : parent_(open(directory_.path().c_str(), O_RDONLY | O_DIRECTORY)) {
    fs::create_directory(tree_);
    fs::create_directory(precious_);
    write_file(precious_ + "/file", "precious");
  }
  Result<void> remove() { return remove_tree(parent_.get(), "tree", tree_, work_); }
  TreeSize measure(std::chrono::milliseconds limit = std::chrono::seconds(60)) {
    return measure_tree(parent_.get(), "tree", limit, work_);
  }
  // Makes directories in one another below `path`, deeper than a path can name.
  static void make_deep(const std::string& path, int levels) {
    UniqueFd at(open(path.c_str(), O_RDONLY | O_DIRECTORY));
    for (int i = 0; i < levels; ++i) {
      ASSERT_EQ(mkdirat(at.get(), "directory", 0700), 0);
      UniqueFd file(openat(at.get(), "file", O_CREAT | O_WRONLY, 0600));
      at = UniqueFd(openat(at.get(), "directory", O_RDONLY | O_DIRECTORY));
      ASSERT_TRUE(at.valid());
    }
  }

  TemporaryDirectory directory_;
  std::string tree_ = directory_ / "tree";
  std::string precious_ = directory_ / "precious";
  UniqueFd parent_;
  TreeWork work_;
};

TEST_F(DirectoryTreeTest, EverythingGoesAndNoLinkIsFollowed) {
  fs::create_directories(tree_ + "/a/b/c");
  write_file(tree_ + "/a/file", "x");
  write_file(tree_ + "/a/b/new\nline", "x");
  fs::create_directory_symlink(precious_, tree_ + "/a/b/link");
  fs::create_symlink(precious_ + "/file", tree_ + "/link");
  fs::create_symlink("../../precious", tree_ + "/a/relative");
  fs::create_hard_link(precious_ + "/file", tree_ + "/a/hard");
  ASSERT_EQ(mkfifo((tree_ + "/fifo").c_str(), 0600), 0);
  ASSERT_EQ(chmod((tree_ + "/a/b").c_str(), 0), 0);
  auto removed = remove();
  EXPECT_TRUE(removed) << removed.error().message;
  EXPECT_FALSE(fs::exists(tree_));
  EXPECT_EQ(read_file(precious_ + "/file"), "precious");
  EXPECT_EQ(work_.entries, 11U);
  EXPECT_TRUE(remove()) << "absent is success";
}

TEST_F(DirectoryTreeTest, ALinkInPlaceOfTheTreeIsRefused) {
  fs::remove(tree_);
  fs::create_directory_symlink(precious_, tree_);
  EXPECT_THAT(remove().error().message, HasSubstr(tree_ + ": "));
  EXPECT_TRUE(fs::exists(precious_ + "/file"));
  EXPECT_TRUE(fs::is_symlink(tree_));
}

TEST_F(DirectoryTreeTest, DeeperThanAPathCanBe) {
  make_deep(tree_, 10000);
  fs::create_directory(tree_ + "/.labgpu-purge-0");
  write_file(tree_ + "/.labgpu-purge-1", "in the way");
  auto descriptors = open_descriptors();
  auto removed = remove();
  EXPECT_TRUE(removed) << removed.error().message;
  EXPECT_FALSE(fs::exists(tree_));
  EXPECT_EQ(open_descriptors(), descriptors);
}

TEST_F(DirectoryTreeTest, MountsAreNotEnteredAndTheRestGoes) {
  fs::create_directories(tree_ + "/a/mounted");
  fs::create_directories(tree_ + "/b/c");
  write_file(tree_ + "/a/file", "x");
  write_file(tree_ + "/mounted-file", "x");
  {
    BindMount directory(precious_, tree_ + "/a/mounted");  // the same file system
    BindMount file(precious_ + "/file", tree_ + "/mounted-file");
    auto removed = remove();
    ASSERT_FALSE(removed);
    EXPECT_EQ(removed.error().code, ErrorCode::kSystem);
    EXPECT_THAT(removed.error().message,
                AllOf(HasSubstr("2 entries are left"), HasSubstr("something is mounted there")));
    EXPECT_EQ(read_file(precious_ + "/file"), "precious");
    EXPECT_FALSE(fs::exists(tree_ + "/b"));
    EXPECT_FALSE(fs::exists(tree_ + "/a/file"));
  }
  EXPECT_TRUE(remove());
  EXPECT_EQ(read_file(precious_ + "/file"), "precious");
}

TEST_F(DirectoryTreeTest, AMountPointIsEmptiedAndLeft) {
  {
    BindMount home(precious_, tree_);
    auto removed = remove();
    EXPECT_THAT(removed.error().message, HasSubstr("1 entry is left, the first: " + tree_));
    EXPECT_TRUE(fs::is_empty(tree_));
  }
  EXPECT_TRUE(remove());
}

TEST_F(DirectoryTreeTest, WhoeverSwapsDirectoriesForLinksLeadsNobodyAway) {
  std::atomic<bool> done = false;
  auto swapped = tree_ + "/swapped";
  std::thread attacker([&] {
    while (!done) {
      std::error_code ignored;
      fs::create_directories(swapped + "/inner", ignored);
      fs::rename(swapped, tree_ + "/aside", ignored);
      fs::create_directory_symlink(precious_, swapped, ignored);
      fs::remove(swapped, ignored);
      fs::remove_all(tree_ + "/aside", ignored);
    }
  });
  for (int i = 0; i < 300; ++i) {
    fs::create_directory(tree_);
    static_cast<void>(remove());
  }
  done = true;
  attacker.join();
  EXPECT_EQ(read_file(precious_ + "/file"), "precious");
}

TEST_F(DirectoryTreeTest, ItEndsWhenItIsTold) {
  write_file(tree_ + "/file", "x");
  work_.stop = true;
  EXPECT_EQ(remove().error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(fs::exists(tree_ + "/file"));
  EXPECT_FALSE(measure().whole);
}

TEST_F(DirectoryTreeTest, SizesAreThoseOnDisk) {
  fs::create_directories(tree_ + "/a/b");
  write_file(tree_ + "/a/big", std::string(1 << 20, 'x'));
  fs::create_hard_link(tree_ + "/a/big", tree_ + "/a/b/the-same");
  fs::create_directory_symlink(precious_, tree_ + "/link");
  write_file(precious_ + "/huge", std::string(8 << 20, 'x'));
  UniqueFd sparse(open((tree_ + "/sparse").c_str(), O_CREAT | O_WRONLY, 0600));
  ASSERT_EQ(ftruncate(sparse.get(), off_t{1} << 40), 0);
  auto size = measure();
  EXPECT_TRUE(size.whole);
  EXPECT_EQ(size.entries, 7U);
  EXPECT_GE(size.bytes, uint64_t{1} << 20);
  EXPECT_LT(size.bytes, uint64_t{2} << 20);
  EXPECT_FALSE(measure(std::chrono::milliseconds(-1)).whole);
  make_deep(tree_, 200);
  EXPECT_FALSE(measure().whole);
  fs::remove_all(tree_);
  EXPECT_EQ(measure().entries, 0U);
}

TEST_F(DirectoryTreeTest, DirectoriesOfUsersAreRemovedWhereOnlyRootMayChangeThem) {
  TreeWork work;
  ASSERT_EQ(chmod(directory_.path().c_str(), 0777), 0);
  EXPECT_THAT(remove_own_directory(tree_, work).error().message, HasSubstr("must belong to root"))
      << "it is in a directory for everybody";
  EXPECT_TRUE(fs::exists(tree_));
  ASSERT_EQ(chmod(directory_.path().c_str(), 0755), 0);
  write_file(tree_ + "/file", "x");
  EXPECT_EQ(measure_own_directory(tree_, std::chrono::seconds(60), work)->entries, 2U);
  EXPECT_TRUE(remove_own_directory(tree_, work));
  EXPECT_FALSE(fs::exists(tree_));
  fs::create_directory_symlink(directory_.path(), directory_ / "elsewhere");
  EXPECT_THAT(remove_own_directory(directory_ / "elsewhere/precious", work).error().message,
              HasSubstr("symbolic link"));
  EXPECT_TRUE(fs::exists(precious_ + "/file"));
  EXPECT_TRUE(remove_own_directory(directory_ / "nowhere/at/all", work)) << "absent is nothing";
  EXPECT_EQ(
      measure_own_directory(directory_ / "nowhere/at/all", std::chrono::seconds(60), work)->entries,
      0U);
}

}  // namespace
}  // namespace labgpu::test
