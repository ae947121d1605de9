// The line in common-password: labgpu setup asks pam-auth-update for it, here one that a test
// plays.
#include "cli/setup/pam_profile.h"

#include <gmock/gmock.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/unit/cli/temporary_directory.h"

namespace labgpu {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr char kStock[] =
    "password\t[success=1 default=ignore]\tpam_unix.so obscure yescrypt\n"
    "password\trequisite\t\t\tpam_deny.so\n";
constexpr char kLine[] = "password\t[success=1 default=ignore]\tpam_labgpu.so\n";
constexpr char kAuth[] = "auth [success=1 default=ignore] pam_unix.so nullok mine\n";

// Found as chroot(8) in PATH, so it plays what runs in the other root: ROOT PROGRAM OPTION PROFILE.
constexpr char kUpdate[] = R"(#!/bin/sh
echo "$2 $3 $4 $DEBIAN_FRONTEND" >>"$1/calls"
cd "$1/etc/pam.d" || exit 1
if [ -e "$1/fails" ]; then echo broken >&2; echo half >common-auth; exit 3; fi
if [ -e "$1/refuses" ]; then exit 0; fi
case $3 in
  --enable) printf 'password\t[success=1 default=ignore]\tpam_labgpu.so\n' >>common-password
            sed -i 's/ nullok mine/ mine nullok/' common-auth ;;
  --remove) sed -i '/pam_labgpu/d' common-password ;;
esac
)";

class PamProfileTest : public testing::Test {
 protected:
  void SetUp() override {
    put(root_ / "etc/pam.d/common-password", kStock);
    put(root_ / "etc/pam.d/common-auth", kAuth);
    put(root_ / "usr/sbin/pam-auth-update", "");
    put(root_ / "usr/share/pam-configs/labgpu", "");
    fs::create_directories(root_ / "saved");
    put(root_ / "bin/chroot", kUpdate);
    ASSERT_EQ(chmod((root_ / "bin/chroot").c_str(), 0755), 0);
    path_before_ = getenv("PATH");
    setenv("PATH", ((root_ / "bin:") + path_before_).c_str(), 1);
  }
  void TearDown() override { setenv("PATH", path_before_.c_str(), 1); }

  std::string passwords() { return slurp(root_ / "etc/pam.d/common-password"); }
  std::string auth() { return slurp(root_ / "etc/pam.d/common-auth"); }
  bool anything_saved() { return !fs::is_empty(root_ / "saved"); }

  TemporaryDirectory root_;
  std::string path_before_;
  HeldSignals signals_;
  PamProfile profile_{root_.path(), root_ / "saved", signals_};
};

TEST_F(PamProfileTest, IsEnabledOnceAndAskedForWithoutQuestions) {
  EXPECT_EQ(profile_.enable(), true);
  EXPECT_EQ(passwords(), std::string(kStock) + kLine);
  EXPECT_EQ(profile_.is_in_force(), true);
  EXPECT_EQ(profile_.enable(), false);
  EXPECT_EQ(slurp(root_ / "calls"), "/usr/sbin/pam-auth-update --enable labgpu noninteractive\n");
}

TEST_F(PamProfileTest, GivesBackEveryFileByteForByte) {
  EXPECT_EQ(profile_.enable(), true);
  EXPECT_NE(auth(), kAuth);
  EXPECT_EQ(profile_.disable(), true);
  EXPECT_EQ(passwords(), kStock);
  EXPECT_EQ(auth(), kAuth);
  EXPECT_FALSE(anything_saved());
  EXPECT_EQ(profile_.disable(), false);
}

TEST_F(PamProfileTest, WhatOthersDidSinceStays) {
  EXPECT_EQ(profile_.enable(), true);
  put(root_ / "etc/pam.d/common-password", "password requisite pam_pwquality.so\n" + passwords());
  EXPECT_EQ(profile_.disable(), true);
  EXPECT_EQ(passwords(), std::string("password requisite pam_pwquality.so\n") + kStock);
  EXPECT_EQ(auth(), kAuth);
}

TEST_F(PamProfileTest, AFailureLeavesEveryFileAsItWas) {
  put(root_ / "fails", "");
  auto enabled = profile_.enable();
  ASSERT_FALSE(enabled);
  EXPECT_THAT(enabled.error().message, HasSubstr("broken"));
  EXPECT_EQ(passwords(), kStock);
  EXPECT_EQ(auth(), kAuth);
  EXPECT_FALSE(anything_saved());
}

TEST_F(PamProfileTest, AFileThatWasEditedByHandIsTheAdministrators) {
  put(root_ / "refuses", "");
  auto enabled = profile_.enable();
  ASSERT_FALSE(enabled);
  EXPECT_THAT(enabled.error().message,
              HasSubstr("put the line \"password [success=1 default=ignore] pam_labgpu.so\""));
  put(root_ / "etc/pam.d/common-password", std::string(kLine) + kStock);
  EXPECT_EQ(profile_.enable(), false);
  auto disabled = profile_.disable();
  ASSERT_FALSE(disabled);
  EXPECT_THAT(disabled.error().message, HasSubstr("take the line with pam_labgpu.so out of it"));
  EXPECT_EQ(passwords(), std::string(kLine) + kStock);
}

TEST_F(PamProfileTest, WithoutPamAuthUpdateNothingIsDone) {
  fs::remove(root_ / "usr/sbin/pam-auth-update");
  auto enabled = profile_.enable();
  ASSERT_FALSE(enabled);
  EXPECT_THAT(enabled.error().message, HasSubstr("usr/sbin/pam-auth-update is missing"));
  EXPECT_EQ(passwords(), kStock);
  EXPECT_EQ(profile_.disable(), false);
}

}  // namespace
}  // namespace labgpu
