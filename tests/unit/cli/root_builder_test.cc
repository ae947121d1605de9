// The commands that make a root file system, and what is taken out of it afterwards.
#include "cli/image/root_builder.h"

#include <gmock/gmock.h>

#include "tests/unit/cli/temporary_directory.h"

namespace labgpu {
namespace {

using testing::Contains;
using testing::ElementsAre;

RootRequest request() {
  return {"trixie",
          {{{"http://m.test/debian", "trixie", "main"},
            {"http://m.test/sec", "trixie-security", "main"}},
           {"Acquire::Retries \"3\";"}},
          {"sudo", "git"}};
}

TEST(Mmdebstrap, GetsAllArchivesAndOptions) {
  EXPECT_THAT(mmdebstrap_command(request(), "/work/root"),
              ElementsAre("mmdebstrap", "--variant=minbase", "--mode=root", "--format=directory",
                          "--include=sudo,git", "--aptopt=Acquire::Retries \"3\";", "trixie",
                          "/work/root", "deb http://m.test/debian trixie main",
                          "deb http://m.test/sec trixie-security main"));
}

TEST(Debootstrap, StartsFromTheFirstArchiveAndUpgrades) {
  auto commands = debootstrap_commands(request(), "/work/root");
  ASSERT_EQ(commands.size(), 5u);
  EXPECT_THAT(commands[0],
              ElementsAre("debootstrap", "--variant=minbase", "--include=ca-certificates", "trixie",
                          "/work/root", "http://m.test/debian"));
  EXPECT_THAT(commands[2], Contains("dist-upgrade"));
  EXPECT_THAT(commands[3], Contains("sudo"));
}

TEST(FinishRoot, TakesOutFilesAndKeepsDirectories) {
  TemporaryDirectory root;
  for (const char* file :
       {"/var/lib/apt/lists/a_Packages", "/var/cache/apt/archives/x.deb", "/var/log/apt/term.log",
        "/etc/resolv.conf", "/etc/hostname", "/tmp/t", "/etc/default/keep", "/home/keep"}) {
    put(root.path() + file, "x");
  }
  put(root / "etc/machine-id", "0123");
  ASSERT_TRUE(finish_root(root.path()));
  for (const char* gone :
       {"/var/lib/apt/lists/a_Packages", "/var/cache/apt/archives/x.deb", "/var/log/apt/term.log",
        "/etc/resolv.conf", "/etc/hostname", "/tmp/t"}) {
    EXPECT_FALSE(exists(root.path() + gone)) << gone;
  }
  EXPECT_TRUE(exists(root / "var/log/apt"));
  EXPECT_TRUE(exists(root / "home/keep"));
  EXPECT_EQ(slurp(root / "etc/machine-id"), "");
  EXPECT_EQ(slurp(root / "etc/default/locale"), "LANG=C.UTF-8\n");
}

TEST(FinishRoot, FailsWhereThereIsNoSystem) {
  TemporaryDirectory root;
  EXPECT_FALSE(finish_root(root.path()));
}

}  // namespace
}  // namespace labgpu
