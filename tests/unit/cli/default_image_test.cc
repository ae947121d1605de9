// The default image: labgpu.json is the new one or the old one, with labgpud and systemctl of the
// test's.
#include "cli/image/default_image.h"

#include <gmock/gmock.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/unit/cli/temporary_directory.h"

namespace labgpu {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr char kProgram[] = R"(#!/bin/sh
cd "${0%/*}" || exit 1
echo "${0##*/} $1 $2" >>calls
[ ! -e "fails-${0##*/}" ] || { echo "not today" >&2; exit 1; }
)";

class DefaultImageTest : public testing::Test {
 protected:
  DefaultImageTest() {
    for (const char* name : {"systemctl", "labgpud"}) {
      put(directory_ / name, kProgram);
      chmod((directory_ / name).c_str(), 0755);
    }
    put(config_, kBefore);
    setenv("PATH", (directory_.path() + ":" + path_).c_str(), 1);
  }
  ~DefaultImageTest() override { setenv("PATH", path_.c_str(), 1); }
  Result<void> set() {
    return set_default_image("lab/cuda:12", {.file = config_, .checker = directory_ / "labgpud"});
  }
  void expect_as_before(const Result<void>& done, const std::string& why) {
    ASSERT_FALSE(done);
    EXPECT_THAT(done.error().message, HasSubstr(why));
    EXPECT_EQ(slurp(config_), kBefore);
    EXPECT_FALSE(fs::exists(config_ + ".labgpu-new"));
  }

  static constexpr char kBefore[] = "{ \"defaults\": { \"image\": \"old\" } } // kept\n";
  std::string path_ = getenv("PATH");
  TemporaryDirectory directory_;
  std::string config_ = directory_ / "labgpu.json";
};

TEST_F(DefaultImageTest, IsTriedWrittenAndTaken) {
  ASSERT_TRUE(set());
  EXPECT_EQ(slurp(config_), "{ \"defaults\": { \"image\": \"lab/cuda:12\" } } // kept\n");
  EXPECT_EQ(slurp(directory_ / "calls"), "labgpud --check-config " + config_ +
                                             ".labgpu-new\n"
                                             "systemctl try-reload-or-restart labgpud.service\n");
  EXPECT_FALSE(fs::exists(config_ + ".labgpu-new"));
}

TEST_F(DefaultImageTest, WithoutAFileThereIsOneAfterwards) {
  fs::remove(config_);
  ASSERT_TRUE(set());
  EXPECT_THAT(slurp(config_), HasSubstr("\"lab/cuda:12\""));
}

TEST_F(DefaultImageTest, WhatLabgpudWouldNotTakeIsNotWritten) {
  put(directory_ / "fails-labgpud", "");
  expect_as_before(set(), "not today");
}

TEST_F(DefaultImageTest, WhatIsNotTakenIsUndone) {
  put(directory_ / "fails-systemctl", "");
  expect_as_before(set(), "is as it was");
}

TEST_F(DefaultImageTest, AFileThatIsWrongIsNotTouched) {
  put(config_, "{ what");
  ASSERT_FALSE(set());
  EXPECT_EQ(slurp(config_), "{ what");
  EXPECT_FALSE(fs::exists(directory_ / "calls"));
}

}  // namespace
}  // namespace labgpu
