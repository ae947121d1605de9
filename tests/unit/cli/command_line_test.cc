// Command lines that make no sense: status 2, one line, and no call to the helper.
#include <gmock/gmock.h>

#include <algorithm>

#include "tests/unit/cli/run_labgpu.h"
#include "tests/unit/cli/temporary_directory.h"

namespace labgpu {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

using Arguments = std::vector<std::string>;

class SenselessCommandLine : public testing::TestWithParam<Arguments> {};

TEST_P(SenselessCommandLine, IsAUsageError) {
  auto ran = run_labgpu(GetParam());
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, StartsWith("labgpu: "));
  EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
  EXPECT_EQ(ran.err.find('\x1b'), std::string::npos);
  EXPECT_EQ(ran.out, "");
}

INSTANTIATE_TEST_SUITE_P(
    All, SenselessCommandLine,
    testing::Values(Arguments{}, Arguments{"frobnicate"}, Arguments{"user"},
                    Arguments{"user", "add"}, Arguments{"user", "add", "a", "b"},
                    Arguments{"user", "add", "a", "--key"}, Arguments{"user", "add", "-x"},
                    Arguments{"user", "set", "alice"}, Arguments{"user", "set", "alice", "image"},
                    Arguments{"user", "set", "alice", "=x"},
                    Arguments{"user", "set", "alice", "a\nlabgpu: done\x1b[2J"},
                    Arguments{"user", "set", "alice", "--password-stdin", "--no-password"},
                    Arguments{"user", "remove"}, Arguments{"user", "remove", "alice"},
                    Arguments{"user", "add", "a", "--key", "-", "--password-stdin"},
                    Arguments{"key", "add", "alice"}, Arguments{"key", "remove", "alice"},
                    Arguments{"start"}, Arguments{"status", "a", "b"}, Arguments{"image"},
                    Arguments{"setup", "--undo", "--check"},
                    Arguments{"setup", "--root", "/no/such"},
                    Arguments{"image", "bootstrap", "--tarball", "x", "--suite", "y"},
                    Arguments{"image", "bootstrap", "--security-mirror", "x"}));

TEST(CommandLine, AWordThatIsNoCommandIsNamed) {
  EXPECT_THAT(run_labgpu({"frobnicate"}).err,
              StartsWith("labgpu: there is no command \"frobnicate\"; see"));
  EXPECT_THAT(run_labgpu({"user", "lock", "alice"}).err,
              StartsWith("labgpu: there is no command \"user lock\"; see"));
  EXPECT_THAT(run_labgpu({"--frobnicate"}).err,
              StartsWith("labgpu: there is no option \"--frobnicate\"; see"));
  EXPECT_THAT(run_labgpu({"user"}).err, HasSubstr("subcommand is required"));
}

TEST(CommandLine, HelpAndVersionSucceed) {
  for (const Arguments& arguments :
       {Arguments{"--help"}, Arguments{"user", "add", "--help"}, Arguments{"setup", "-h"}}) {
    auto ran = run_labgpu(arguments);
    EXPECT_EQ(ran.status, 0);
    EXPECT_THAT(ran.out, HasSubstr("Usage: labgpu"));
  }
  EXPECT_THAT(run_labgpu({"--version"}).out, StartsWith("labgpu 0."));
}

TEST(CommandLine, NoHelperHasItsOwnStatus) {
  TemporaryDirectory directory;
  auto ran = run_labgpu({"user", "list", "--socket", directory / "none"});
  EXPECT_EQ(ran.status, 69);
  EXPECT_THAT(ran.err, HasSubstr("cannot reach labgpud"));
}

}  // namespace
}  // namespace labgpu
