// Which of the server's archives the image is made from.
#include "cli/image/apt_sources.h"

#include <gmock/gmock.h>

namespace labgpu {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr char kTargets[] =
    "http://mirror.test/debian-security/ bookworm-security main Debian\n"
    "http://mirror.test/debian/ bookworm-updates main Debian\n"
    "http://mirror.test/debian/ bookworm-backports main Debian Backports\n"
    "http://mirror.test/debian/ bookworm main Debian\n"
    "http://mirror.test/debian/ bookworm main Debian\n"
    "http://mirror.test/debian/ bookworm contrib Debian\n"
    "https://third.test/debian/ bookworm main HashiCorp\n"
    "https://third.test/apt/ bookworm main $(ORIGIN)\n";

TEST(DebianSources, TheReleaseItsUpdatesAndItsSecurity) {
  EXPECT_THAT(
      debian_sources(kTargets, "bookworm", "bookworm"),
      ElementsAre(AptSource{"http://mirror.test/debian", "bookworm", "main"},
                  AptSource{"http://mirror.test/debian", "bookworm-updates", "main"},
                  AptSource{"http://mirror.test/debian-security", "bookworm-security", "main"}));
}

TEST(DebianSources, AnotherReleaseFromTheSameMirrors) {
  auto sources = debian_sources(kTargets, "bookworm", "trixie");
  ASSERT_EQ(sources.size(), 3u);
  EXPECT_EQ(source_line(sources[0]), "deb http://mirror.test/debian trixie main");
  EXPECT_EQ(source_line(sources[2]), "deb http://mirror.test/debian-security trixie-security main");
}

TEST(DebianSources, BeforeAptUpdateTheDirectoryTells) {
  EXPECT_THAT(debian_sources("http://m.test/debian/ trixie main $(ORIGIN)\n"
                             "https://third.test/apt/ trixie main $(ORIGIN)\n",
                             "trixie", "trixie"),
              ElementsAre(AptSource{"http://m.test/debian", "trixie", "main"}));
}

TEST(DebianSources, NoneOnAnotherDistributionOrWithUpdatesAlone) {
  EXPECT_THAT(debian_sources("http://m.test/ubuntu/ noble main Ubuntu\n", "noble", "bookworm"),
              IsEmpty());
  EXPECT_THAT(
      debian_sources("http://m.test/debian/ trixie-updates main Debian\n", "trixie", "trixie"),
      IsEmpty());
  EXPECT_THAT(debian_sources("", "trixie", "trixie"), IsEmpty());
}

TEST(AccessOptions, ProxiesAndSnapshotsAndNothingElse) {
  EXPECT_THAT(access_options("APT::Architecture \"amd64\";\n"
                             "Acquire::http::Proxy \"http://proxy.test:3142\";\n"
                             "Acquire::https::Proxy \"\";\n"
                             "Acquire::http::Proxy::inner.test \"DIRECT\";\n"
                             "Acquire::Check-Valid-Until \"false\";\n"),
              ElementsAre("Acquire::http::Proxy \"http://proxy.test:3142\";",
                          "Acquire::Check-Valid-Until \"false\";"));
}

TEST(FindAptSetup, AMirrorStandsInForTheServersArchives) {
  HeldSignals signals;
  auto setup = find_apt_setup("trixie", "http://m.test/debian/", "http://m.test/sec", signals);
  ASSERT_TRUE(setup);
  EXPECT_THAT(setup->sources,
              ElementsAre(AptSource{"http://m.test/debian", "trixie", "main"},
                          AptSource{"http://m.test/sec", "trixie-security", "main"}));
}

}  // namespace
}  // namespace labgpu
