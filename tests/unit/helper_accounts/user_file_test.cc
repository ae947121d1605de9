// Files that are written for a user: where they may be, whose they are, and what is left.
#include "helper/user_file.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>

#include "tests/support/temporary_directory.h"

namespace labgpu {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class UserFileTest : public testing::Test {
 protected:
  UserFileTest() {
    account_.name = "alice";
    account_.uid = account_.gid = 4711;
    account_.home = directory_ / "home";
    make_own(account_.home);
    make_own(directory_ / "disk");
    make_own(directory_ / "disk/deep");
    mounts_ = {{directory_ / "disk", "/data", false}, {directory_ / "disk", "/read", true}};
  }
  void make_own(const std::string& path) const {
    fs::create_directory(path);
    EXPECT_EQ(chown(path.c_str(), account_.uid, account_.gid), 0);
  }
  Result<UserFile> create(const std::string& path) {
    return UserFile::create(account_, mounts_, path);
  }
  std::string refusal(const std::string& path) {
    auto file = create(path);
    return file ? "accepted" : file.error().message;
  }
  static std::string text_of(const std::string& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  // Everything below the test's directory that is no directory.
  std::vector<std::string> files() const {
    std::vector<std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator(directory_.path())) {
      if (!entry.is_directory()) found.push_back(entry.path().filename());
    }
    return found;
  }

  test::TemporaryDirectory directory_;
  Account account_;
  std::vector<Mount> mounts_;
};

TEST_F(UserFileTest, IsTheAccountsAndHasItsNameInTheEnd) {
  const std::pair<std::string, std::string> places[] = {
      {"a.tar", account_.home + "/a.tar"},
      {account_.home + "/b.tar", account_.home + "/b.tar"},
      {"/data/c.tar", directory_ / "disk/c.tar"},
      {"/data/deep/d.tar", directory_ / "disk/deep/d.tar"}};
  for (const auto& [path, real] : places) {
    auto file = create(path);
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_TRUE(fs::exists(real + ".part"));
    ASSERT_EQ(write(file->fd(), "x", 1), 1);
    ASSERT_TRUE(file->keep());
    EXPECT_EQ(text_of(real), "x");
    EXPECT_FALSE(fs::exists(real + ".part"));
    struct stat status {};
    ASSERT_EQ(stat(real.c_str(), &status), 0);
    EXPECT_EQ(status.st_uid, account_.uid);
    EXPECT_EQ(status.st_gid, account_.gid);
    EXPECT_EQ(status.st_mode & 07777, 0600U);
  }
}

TEST_F(UserFileTest, WhatIsNotKeptIsGone) {
  {
    auto file = create("a.tar");
    ASSERT_TRUE(file);
    std::optional<UserFile> moved(std::move(*file));
    EXPECT_EQ(files().size(), 1U);
  }
  EXPECT_TRUE(files().empty());
}

TEST_F(UserFileTest, PathsThatLeadElsewhereAreRefused) {
  fs::create_directory_symlink("/tmp", account_.home + "/link");
  for (const char* path : {"", "/", "a/", "../a", "a/../../b", "./a", "a//b"}) {
    EXPECT_THAT(refusal(path), HasSubstr("not the plain path")) << path;
  }
  for (const char* path : {"/etc/a", "/data", "/datax/a", "/homes"}) {
    EXPECT_THAT(refusal(path), HasSubstr("is neither in the home")) << path;
  }
  EXPECT_THAT(refusal("link/a"), HasSubstr("symbolic link"));
  EXPECT_THAT(refusal("/read/a"), HasSubstr("can only read"));
  EXPECT_THAT(refusal("none/a"), HasSubstr("No such file or directory"));
  EXPECT_THAT(refusal(std::string(251, 'a')), HasSubstr("name too long"));
  EXPECT_TRUE(files().empty());
}

TEST_F(UserFileTest, NothingIsWrittenWhereTheUserCouldNot) {
  fs::create_directory(account_.home + "/roots");
  EXPECT_THAT(refusal("roots/a"), HasSubstr("not alice's own"));
  make_own(account_.home + "/closed");
  fs::permissions(account_.home + "/closed", fs::perms(0500));
  EXPECT_THAT(refusal("closed/a"), HasSubstr("not alice's own"));
}

TEST_F(UserFileTest, WhatIsThereStays) {
  std::ofstream(account_.home + "/a") << "mine";
  EXPECT_THAT(refusal("a"), HasSubstr("is there already"));
  fs::create_symlink("/etc/passwd", account_.home + "/b");
  EXPECT_THAT(refusal("b"), HasSubstr("is there already"));
  fs::create_symlink("/nowhere", account_.home + "/c.part");
  EXPECT_THAT(refusal("c"), HasSubstr("c.part is there already"));
  auto file = create("d");
  ASSERT_TRUE(file);
  std::ofstream(account_.home + "/d") << "mine";
  EXPECT_THAT(file->keep().error().message, HasSubstr("is there already"));
  EXPECT_EQ(text_of(account_.home + "/d"), "mine");
  EXPECT_EQ(text_of(account_.home + "/a"), "mine");
}

}  // namespace
}  // namespace labgpu
