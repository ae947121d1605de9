// Whole files replaced: what is kept of the old one, and what is left when it fails.
#include "cli/setup/text_file.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <filesystem>

#include "tests/unit/cli/temporary_directory.h"

namespace labgpu {
namespace {

using testing::HasSubstr;

size_t entries(const TemporaryDirectory& directory) {
  size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
    EXPECT_FALSE(entry.path().empty());
    ++count;
  }
  return count;
}

mode_t mode_of(const std::string& path) {
  struct stat info {};
  EXPECT_EQ(stat(path.c_str(), &info), 0);
  return info.st_mode & 07777;
}

TEST(TextFile, ReadsEveryByteAndKnowsMissingFromEmpty) {
  TemporaryDirectory directory;
  std::string bytes("a\0b\r\n\xff", 6);
  put(directory / "f", bytes);
  put(directory / "empty", "");
  EXPECT_EQ(read_text(directory / "f").value(), bytes);
  EXPECT_EQ(read_text(directory / "empty").value(), "");
  EXPECT_EQ(read_text(directory / "none").value(), std::nullopt);
  EXPECT_THAT(read_text(directory.path()).error().message, HasSubstr("Is a directory"));
}

TEST(TextFile, ANewFileIsReadableByAll) {
  TemporaryDirectory directory;
  mode_t before = umask(077);
  auto written = write_text(directory / "new", "x");
  umask(before);
  ASSERT_TRUE(written);
  EXPECT_EQ(slurp(directory / "new"), "x");
  EXPECT_EQ(mode_of(directory / "new"), 0644u);
  EXPECT_EQ(entries(directory), 1u);
}

TEST(TextFile, ModeOwnerAndAttributesStay) {
  TemporaryDirectory directory;
  std::string path = directory / "f";
  put(path, "old");
  ASSERT_EQ(chown(path.c_str(), 123, 456), 0);
  ASSERT_EQ(chmod(path.c_str(), 0640), 0);
  ASSERT_EQ(setxattr(path.c_str(), "trusted.labgpu", "v", 1, 0), 0);
  ASSERT_TRUE(write_text(path, "new"));
  struct stat info {};
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(slurp(path), "new");
  EXPECT_EQ(info.st_uid, 123u);
  EXPECT_EQ(info.st_gid, 456u);
  EXPECT_EQ(info.st_mode & 07777, 0640u);
  char value = 0;
  EXPECT_EQ(getxattr(path.c_str(), "trusted.labgpu", &value, 1), 1);
  EXPECT_EQ(value, 'v');
}

TEST(TextFile, ASymbolicLinkStays) {
  TemporaryDirectory directory;
  put(directory / "real/f", "old");
  std::filesystem::create_symlink("real/f", directory / "link");
  ASSERT_TRUE(write_text(directory / "link", "new"));
  EXPECT_TRUE(std::filesystem::is_symlink(directory / "link"));
  EXPECT_EQ(slurp(directory / "real/f"), "new");
}

TEST(TextFile, NoTextRemovesAndMissingIsFine) {
  TemporaryDirectory directory;
  put(directory / "f", "x");
  EXPECT_TRUE(write_text(directory / "f", std::nullopt));
  EXPECT_FALSE(exists(directory / "f"));
  EXPECT_TRUE(write_text(directory / "f", std::nullopt));
}

TEST(TextFile, AFailureLeavesTheOldFileAndNoOther) {
  TemporaryDirectory directory;
  // Renaming a file over a directory fails at the last step.
  std::filesystem::create_directory(directory / "d");
  put(directory / "d/inside", "x");
  EXPECT_FALSE(write_text(directory / "d", "text"));
  EXPECT_EQ(entries(directory), 1u);
  EXPECT_FALSE(write_text(directory / "none/f", "text"));
}

}  // namespace
}  // namespace labgpu
