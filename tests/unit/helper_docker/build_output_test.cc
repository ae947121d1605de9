// Docker's lines about a build: what is shown of them, and what ends it.
#include "helper/build_output.h"

#include <gmock/gmock.h>

namespace labgpu {
namespace {

using ::testing::HasSubstr;

class BuildOutputTest : public ::testing::Test {
 protected:
  void take(const std::string& lines) { stream_.on_data(lines); }

  std::string shown_;
  BuildOutput output_{[this](std::string_view text) { shown_ += text; }};
  HttpStream stream_ = output_.stream();
};

TEST_F(BuildOutputTest, ShowsWhatStepsPrintHoweverItIsCut) {
  take(R"({"stream":"Step 1/2)");
  take(" : FROM base\\n\"}\n{\"stream\":\"done\"}\n");
  EXPECT_EQ(shown_, "Step 1/2 : FROM base\ndone");
  EXPECT_TRUE(output_.told());
}

// As of find -print0: whatever a step prints is no reason for its build to fail.
TEST_F(BuildOutputTest, AStepMayPrintNulBytes) {
  take(R"({"stream":"a\u0000b"})"
       "\n");
  EXPECT_EQ(shown_, std::string("a\0b", 3));
  EXPECT_TRUE(output_.told());
}

TEST_F(BuildOutputTest, NothingIsShownAfterAFailure) {
  take(R"({"error":"the step\u0000 failed\n"})"
       "\n");
  take(R"({"stream":"more"})"
       "\n");
  EXPECT_EQ(shown_, "");
  ASSERT_FALSE(output_.told());
  EXPECT_EQ(output_.told().error().code, ErrorCode::kInvalid);
  EXPECT_EQ(output_.told().error().message, "the step  failed ");
}

TEST_F(BuildOutputTest, NonsenseIsAFailure) {
  take(R"({"stream":7})"
       "\n");
  ASSERT_FALSE(output_.told());
  EXPECT_THAT(output_.told().error().message, HasSubstr("a line of Docker's about a build"));
}

}  // namespace
}  // namespace labgpu
