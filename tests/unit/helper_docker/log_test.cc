// The log's lines on stderr: levels, fields, and text that tries to forge a line.
#include "helper/log.h"

#include <gtest/gtest.h>

namespace labgpu {
namespace {

class LogTest : public ::testing::Test {
 protected:
  void TearDown() override { log_to_journal(false); }
};

TEST_F(LogTest, LineHasLevelMessageAndFields) {
  log_to_stderr(false);
  testing::internal::CaptureStderr();
  log(LogLevel::kWarning, "it is slow", {{kLogUser, "alice"}, {kLogContainer, "alice_container"}});
  log(LogLevel::kInfo, "plain");
  log(LogLevel::kInfo, "of nobody", {{kLogUser, ""}});
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "warning: it is slow [USER=alice CONTAINER=alice_container]\ninfo: plain\n"
            "info: of nobody\n");
}

TEST_F(LogTest, DebugOnlyWhenAsked) {
  testing::internal::CaptureStderr();
  log_to_stderr(false);
  log(LogLevel::kDebug, "hidden");
  log_to_stderr(true);
  log(LogLevel::kDebug, "shown");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "debug: shown\n");
}

TEST_F(LogTest, ControlCharactersCannotForgeALine) {
  log_to_stderr(false);
  testing::internal::CaptureStderr();
  log(LogLevel::kError, "bad\nerror: forged\x1b[2J", {{kLogUser, "a\rb"}});
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "error: bad?error: forged?[2J [USER=a?b]\n");
}

}  // namespace
}  // namespace labgpu
