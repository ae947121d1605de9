// common/hush_login.h: who wants to be left alone.
#include "common/hush_login.h"

#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/temporary_directory.h"

namespace labgpu {
namespace {

TEST(HushLogin, IsWantedByAFileOfAnyKind) {
  test::TemporaryDirectory home;
  auto file = home / ".hushlogin";
  EXPECT_FALSE(wants_quiet_login(home.path().c_str()));
  ASSERT_EQ(mkfifo(file.c_str(), 0600), 0);
  EXPECT_TRUE(wants_quiet_login(home.path().c_str()));
  ASSERT_EQ(unlink(file.c_str()), 0);
  ASSERT_EQ(symlink("/nowhere", file.c_str()), 0);
  EXPECT_TRUE(wants_quiet_login(home.path().c_str()));
}

TEST(HushLogin, IsNotWantedWithoutAHome) {
  EXPECT_FALSE(wants_quiet_login(nullptr));
  EXPECT_FALSE(wants_quiet_login("/nowhere"));
  EXPECT_FALSE(wants_quiet_login(std::string(8192, 'x').c_str()));
}

}  // namespace
}  // namespace labgpu
