// What a user puts into ~/.labgpu: files and links are packed, whatever reaches out of it is not.
#include "helper/build_context.h"

#include <gmock/gmock.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temporary_directory.h"

namespace labgpu::test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

constexpr uint32_t kUid = 20001;

class BuildContextTest : public testing::Test {
 protected:
  BuildContextTest() {
    fs::create_directories(files_);
    EXPECT_EQ(chown(home_.c_str(), kUid, kUid), 0);
    fs::create_directory(spool_);
    write_file(files_ + "/Dockerfile", "FROM debian:12\nCOPY . /x\n");
  }
  Result<std::shared_ptr<const BuildContext>> pack(BuildContextLimits limits = {1 << 20}) {
    return pack_build_context(home_, kUid, spool_, limits, work_);
  }
  std::string refusal(BuildContextLimits limits = {1 << 20}) {
    auto packed = pack(limits);
    EXPECT_TRUE(fs::is_empty(spool_));
    return packed ? "packed" : packed.error().message;
  }
  // What tar(1) makes of it.
  std::string unpack() {
    auto packed = pack();
    if (!packed) {
      ADD_FAILURE() << packed.error().message;
      return "";
    }
    EXPECT_EQ(fs::file_size("/proc/self/fd/" + std::to_string((*packed)->file.get())),
              (*packed)->size);
    auto out = directory_ / "out";
    fs::create_directory(out);
    auto command = "tar -C " + out + " -xpf /proc/" + std::to_string(getpid()) + "/fd/" +
                   std::to_string((*packed)->file.get());
    EXPECT_EQ(system(command.c_str()), 0);
    return out;
  }

  TemporaryDirectory directory_;
  std::string home_ = directory_ / "home";
  std::string files_ = home_ + "/.labgpu";
  std::string spool_ = directory_ / "spool";
  TreeWork work_;
};

TEST_F(BuildContextTest, FilesDirectoriesAndLinksAsTheyAre) {
  std::string deep = files_ + "/" + std::string(90, 'd') + "/" + std::string(200, 'e');
  fs::create_directories(deep);
  write_file(deep + "/数据", std::string(70000, 'x'));
  write_file(files_ + "/empty", "");
  write_file(files_ + "/run.sh", "#!/bin/sh\n");
  chmod((files_ + "/run.sh").c_str(), 0755);
  fs::create_symlink("/etc/shadow", files_ + "/absolute");
  fs::create_symlink(std::string(300, 'y'), files_ + "/long");
  auto out = unpack();
  EXPECT_EQ(read_file(out + "/Dockerfile"), "FROM debian:12\nCOPY . /x\n");
  EXPECT_EQ(read_file(out + deep.substr(files_.size()) + "/数据"), std::string(70000, 'x'));
  EXPECT_EQ(fs::file_size(out + "/empty"), 0U);
  EXPECT_NE(fs::status(out + "/run.sh").permissions() & fs::perms::owner_exec, fs::perms::none);
  EXPECT_EQ(fs::read_symlink(out + "/absolute"), "/etc/shadow");
  EXPECT_EQ(fs::read_symlink(out + "/long"), std::string(300, 'y'));
}

TEST_F(BuildContextTest, TheImagesAreTold) {
  auto packed = pack();
  ASSERT_TRUE(packed);
  EXPECT_THAT((*packed)->images, testing::ElementsAre("debian:12"));
  EXPECT_TRUE(fs::is_empty(spool_));
}

TEST_F(BuildContextTest, WithoutARecipeThereIsNothingToBuild) {
  fs::remove(files_ + "/Dockerfile");
  EXPECT_THAT(refusal(), HasSubstr("~/.labgpu/Dockerfile is not there"));
  fs::create_symlink("/etc/passwd", files_ + "/Dockerfile");
  EXPECT_THAT(refusal(), HasSubstr("must be a file, and no link"));
  fs::remove_all(files_);
  EXPECT_THAT(refusal(), HasSubstr("make it, with a Dockerfile"));
}

TEST_F(BuildContextTest, ADirectoryThatLeadsOutIsNotFollowed) {
  fs::remove_all(files_);
  fs::create_directory_symlink("/etc", files_);
  EXPECT_THAT(refusal(), HasSubstr("neither a link nor a mount"));
  fs::remove(files_);
  fs::create_directory(files_);
  ASSERT_EQ(mount("/etc", files_.c_str(), nullptr, MS_BIND, nullptr), 0);
  EXPECT_THAT(refusal(), HasSubstr("neither a link nor a mount"));
  umount2(files_.c_str(), MNT_DETACH);
}

TEST_F(BuildContextTest, AMountInsideIsNotRead) {
  fs::create_directory(files_ + "/etc");
  ASSERT_EQ(mount("/etc", (files_ + "/etc").c_str(), nullptr, MS_BIND, nullptr), 0);
  EXPECT_THAT(refusal(), HasSubstr("~/.labgpu/etc is a mount"));
  umount2((files_ + "/etc").c_str(), MNT_DETACH);
}

TEST_F(BuildContextTest, TheHomeHasToBeTheAccounts) {
  ASSERT_EQ(chown(home_.c_str(), kUid + 1, kUid), 0);
  EXPECT_THAT(refusal(), HasSubstr("belongs to uid 20002"));
}

// Opening any of these would wait, or do something.
TEST_F(BuildContextTest, NoDeviceNoFifoNoSocket) {
  auto thing = files_ + "/thing";
  ASSERT_EQ(mkfifo(thing.c_str(), 0600), 0);
  EXPECT_THAT(refusal(), HasSubstr("~/.labgpu/thing is neither a file, a directory nor a link"));
  fs::remove(thing);
  ASSERT_EQ(mknod(thing.c_str(), S_IFCHR | 0600, makedev(1, 3)), 0);
  EXPECT_THAT(refusal(), HasSubstr("is neither a file"));
  fs::rename(thing, files_ + "/Dockerfile");
  EXPECT_THAT(refusal(), HasSubstr("must be a file"));
}

TEST_F(BuildContextTest, NoMoreThanTheLimits) {
  std::ofstream(files_ + "/sparse").close();
  fs::resize_file(files_ + "/sparse", uintmax_t{1} << 40);
  EXPECT_THAT(refusal(), AllOf(HasSubstr("~/.labgpu/sparse is too large"), HasSubstr("1 MiB")));
  fs::resize_file(files_ + "/sparse", 600000);
  EXPECT_TRUE(pack());
  fs::copy_file(files_ + "/sparse", files_ + "/zzz");
  EXPECT_THAT(refusal(), HasSubstr("~/.labgpu/zzz is too large"));
  EXPECT_THAT(refusal({.bytes = 1 << 22, .entries = 2}), HasSubstr("more than 2 files"));
}

TEST_F(BuildContextTest, NotDeeperThanDescriptorsLast) {
  std::string path = files_;
  for (int i = 0; i < 70; ++i) path += "/d";
  fs::create_directories(path);
  EXPECT_THAT(refusal(), HasSubstr("is nested too deeply"));
}

TEST_F(BuildContextTest, EndsWhenNobodyWaits) {
  write_file(files_ + "/a", "a");
  work_.stop = true;
  EXPECT_THAT(refusal(), HasSubstr("given up"));
}

}  // namespace
}  // namespace labgpu::test
