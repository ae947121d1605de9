// How many attempts are let pass, and when there are more again.
#include "helper/attempt_limit.h"

#include <gtest/gtest.h>

namespace labgpu {
namespace {

using std::chrono::milliseconds;

class AttemptLimitTest : public testing::Test {
 protected:
  bool enter(const char* name, int at) { return limit_.enter(name, start_ + milliseconds(at)); }
  AttemptLimit limit_{3, milliseconds(100)};
  AttemptLimit::Clock::time_point start_ = AttemptLimit::Clock::now();
};

TEST_F(AttemptLimitTest, LetsSoManyPassInAPeriod) {
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(enter("alice", i));
  EXPECT_FALSE(enter("alice", 4));
  EXPECT_FALSE(enter("alice", 99)) << "and trying again does not make it longer or shorter";
  EXPECT_TRUE(enter("alice", 100));
}

TEST_F(AttemptLimitTest, CountsEachNameForItself) {
  for (int i = 0; i < 4; ++i) enter("alice", 0);
  EXPECT_TRUE(enter("bob", 1));
}

TEST_F(AttemptLimitTest, ARightAttemptStartsAnew) {
  for (int round = 0; round < 5; ++round) {
    EXPECT_TRUE(enter("alice", round));
    EXPECT_TRUE(enter("alice", round));
    limit_.forgive("alice");
  }
}

}  // namespace
}  // namespace labgpu
