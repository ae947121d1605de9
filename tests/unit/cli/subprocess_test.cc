// Programs run and ended: their streams, their status, and a signal to labgpu while they run.
#include "cli/subprocess.h"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/cli/temporary_directory.h"

namespace labgpu {
namespace {

using testing::HasSubstr;

TEST(Subprocess, KeepsStreamsApartAndReportsTheStatus) {
  HeldSignals signals;
  auto outcome =
      run_program({"sh", "-c", "echo out; echo err >&2; exit 7"}, Output::kCapture, signals);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->out, "out\n");
  EXPECT_EQ(outcome->err, "err\n");
  EXPECT_EQ(outcome->status, 7);
}

TEST(Subprocess, ADeathBySignalIsAStatus) {
  HeldSignals signals;
  EXPECT_EQ(run_program({"sh", "-c", "kill -9 $$"}, Output::kCapture, signals)->status, 137);
}

TEST(Subprocess, ArgumentsAreNoShellText) {
  HeldSignals signals;
  EXPECT_EQ(run_program({"printf", "%s", "$(id); 'x'"}, Output::kCapture, signals)->out,
            "$(id); 'x'");
}

TEST(Subprocess, ReadsMoreThanAPipeHolds) {
  HeldSignals signals;
  auto outcome = run_program({"head", "-c", "1000000", "/dev/zero"}, Output::kCapture, signals);
  EXPECT_EQ(outcome->out.size(), 1000000u);
}

TEST(Subprocess, ItHasNoInputAndTheOldSignalMask) {
  HeldSignals signals;
  EXPECT_EQ(run_program({"cat"}, Output::kCapture, signals)->out, "");
  auto blocked = run_program({"grep", "SigBlk", "/proc/self/status"}, Output::kCapture, signals);
  EXPECT_THAT(blocked->out, HasSubstr("0000000000000000"));
}

TEST(Subprocess, AMissingProgramIsAFailureWithItsName) {
  HeldSignals signals;
  auto outcome = run_program({"labgpu-no-such-program"}, Output::kCapture, signals);
  ASSERT_FALSE(outcome);
  EXPECT_THAT(outcome.error().message, HasSubstr("labgpu-no-such-program"));
}

TEST(RunChecked, SaysWhatTheProgramComplainedOf) {
  HeldSignals signals;
  auto loud = run_checked("cannot do it", {"sh", "-c", "printf 'a\\r\\n\\nwhy\\n' >&2; exit 1"},
                          Output::kCapture, signals);
  EXPECT_EQ(loud.error().message, "cannot do it: a; why");
  auto silent = run_checked("cannot do it", {"false"}, Output::kCapture, signals);
  EXPECT_EQ(silent.error().message, "cannot do it: false ended with status 1");
}

TEST(HeldSignals, ASignalEndsTheProgramAndItsChildren) {
  TemporaryDirectory directory;
  HeldSignals signals;
  raise(SIGTERM);
  auto outcome = run_program({"sh", "-c", "sleep 60 & wait"}, Output::kCapture, signals);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().exit_status, kExitInterrupted);
}

TEST(HaveProgram, LooksInPath) {
  EXPECT_TRUE(have_program("sh"));
  EXPECT_FALSE(have_program("labgpu-no-such-program"));
}

}  // namespace
}  // namespace labgpu
