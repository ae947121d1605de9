// The service for systemd's user database, turned on and off by a systemctl of the test's.
#include "cli/setup/userdb.h"

#include <gmock/gmock.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/unit/cli/run_labgpu.h"
#include "tests/unit/cli/temporary_directory.h"

namespace labgpu {
namespace {

using testing::HasSubstr;

// Enables, disables, and makes the socket when labgpud is restarted while the socket is enabled.
constexpr char kSystemctl[] = R"(#!/bin/sh
cd "${0%/*}" || exit 1
echo "$*" >>calls
[ ! -e "fails-$1" ] || { echo "no $1 today" >&2; exit 1; }
case $1 in
    is-enabled) test -e enabled ;;
    enable) : >enabled ;;
    disable) rm -f enabled socket ;;
    restart) [ ! -e enabled ] || : >socket ;;
esac
)";

class UserdbTest : public testing::Test {
 protected:
  UserdbTest() {
    put(directory_ / "systemctl", kSystemctl);
    chmod((directory_ / "systemctl").c_str(), 0755);
    setenv("PATH", (directory_.path() + ":" + path_).c_str(), 1);
  }
  ~UserdbTest() override { setenv("PATH", path_.c_str(), 1); }
  Result<std::string> on() { return turn_userdb_on(signals_, directory_ / "socket"); }
  Result<bool> off() { return turn_userdb_off(signals_, directory_ / "socket"); }

  std::string path_ = getenv("PATH");
  TemporaryDirectory directory_;
  HeldSignals signals_;
};

TEST_F(UserdbTest, TwiceIsOnceAndOffIsAsBefore) {
  EXPECT_EQ(on(), "systemd's user database asks labgpu now");
  EXPECT_EQ(slurp(directory_ / "calls"), "enable labgpud-userdb.socket\nrestart labgpud.service\n");
  EXPECT_EQ(on(), "systemd's user database asks labgpu already");
  EXPECT_THAT(slurp(directory_ / "calls"),
              testing::EndsWith("\nis-enabled --quiet labgpud-userdb.socket\n"));
  EXPECT_EQ(off(), true);
  EXPECT_FALSE(exists(directory_ / "enabled") || exists(directory_ / "socket"));
  EXPECT_EQ(off(), false);
}

TEST_F(UserdbTest, WhatCannotBeTurnedOnIsOff) {
  put(directory_ / "fails-restart", "");
  auto failed = on();
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message, HasSubstr("cannot restart labgpud: no restart today"));
  EXPECT_FALSE(exists(directory_ / "enabled"));

  put(directory_ / "fails-enable", "");
  EXPECT_THAT(on().error().message, HasSubstr("no enable today"));
}

TEST_F(UserdbTest, WhatIsHalfOnIsTurnedOnOrOff) {
  put(directory_ / "enabled", "");
  EXPECT_TRUE(on());
  EXPECT_TRUE(exists(directory_ / "socket"));
  std::filesystem::remove(directory_ / "enabled");
  EXPECT_EQ(off(), true);
  EXPECT_FALSE(exists(directory_ / "socket"));
  put(directory_ / "enabled", "");
  put(directory_ / "fails-disable", "");
  EXPECT_THAT(off().error().message, HasSubstr("no disable today"));
}

TEST_F(UserdbTest, ItIsForTheRunningSystemAndNotForUndo) {
  for (const std::vector<std::string>& more :
       {std::vector<std::string>{"--undo"}, {"--check"}, {"--root", directory_.path()}}) {
    std::vector<std::string> arguments{"setup", "--userdb"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    EXPECT_EQ(run_labgpu(arguments).status, 2) << more.front();
  }
  EXPECT_FALSE(exists(directory_ / "calls"));
}

}  // namespace
}  // namespace labgpu
