// Docker's words about a pull, and the sums that become of them.
#include "helper/pull_progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/helper_docker/fake_pull.h"

namespace labgpu {
namespace {

using ::testing::HasSubstr;
using testing_support::step;

class PullProgressTest : public ::testing::Test {
 protected:
  void take(const std::string& line) {
    Result<void> taken = progress_.take_line(line);
    EXPECT_TRUE(taken) << line << taken.error().message;
  }
  PullProgress progress_;
};

TEST_F(PullProgressTest, FollowsAWholePull) {
  take(R"({"status":"Pulling from lab/cuda","id":"12"})");
  EXPECT_EQ(progress_.state(), PullState{});
  take(step("a", "Already exists"));
  take(step("b", "Pulling fs layer"));
  take(step("c", "Pulling fs layer"));
  take(step("c", "Waiting"));
  EXPECT_EQ(progress_.state(), (PullState{.layers_done = 1, .layers = 3}));
  take(step("b", "Downloading", 100, 1000));
  EXPECT_EQ(progress_.state(), (PullState{.layers_done = 1, .layers = 3, .bytes_done = 100}));
  take(step("c", "Downloading", 50, 500));
  EXPECT_EQ(progress_.state(),
            (PullState{.layers_done = 1, .layers = 3, .bytes_done = 150, .bytes = 1500}));
  take(step("b", "Verifying Checksum"));
  take(step("b", "Download complete"));
  take(step("b", "Extracting", 700, 1000));
  EXPECT_EQ(progress_.state(),
            (PullState{.layers_done = 1, .layers = 3, .bytes_done = 1050, .bytes = 1500}));
  take(step("c", "Download complete"));
  EXPECT_EQ(
      progress_.state(),
      (PullState{
          .layers_done = 1, .layers = 3, .unpacking = true, .bytes_done = 700, .bytes = 1500}));
  take(step("b", "Pull complete"));
  take(step("c", "Pull complete"));
  take(R"({"status":"Digest: sha256:0"})");
  take(R"({"status":"Status: Downloaded newer image for lab/cuda:12"})");
  EXPECT_EQ(
      progress_.state(),
      (PullState{
          .layers_done = 3, .layers = 3, .unpacking = true, .bytes_done = 1500, .bytes = 1500}));
}

TEST_F(PullProgressTest, ADownloadThatBeginsAnewCountsFromThere) {
  take(step("a", "Downloading", 900, 1000));
  take(step("a", "Retrying in 5 seconds"));
  take(step("a", "Downloading", 10, 1000));
  EXPECT_EQ(progress_.state().bytes_done, 10U);
}

TEST_F(PullProgressTest, ASmallLayerMayHaveNoSize) {
  take(step("a", "Pulling fs layer"));
  take(step("a", "Download complete"));
  take(step("b", "Downloading", 1, 2));
  EXPECT_EQ(progress_.state(), (PullState{.layers = 2, .bytes_done = 1, .bytes = 2}));
}

TEST_F(PullProgressTest, FailuresHaveDockersWords) {
  for (const char* line : {R"({"errorDetail":{"message":"no space left"},"error":"no space left"})",
                           R"({"errorDetail":{"code":1,"message":"no space left"}})",
                           R"({"error":"no space left"})"}) {
    Result<void> taken = progress_.take_line(line);
    ASSERT_FALSE(taken) << line;
    EXPECT_EQ(taken.error().code, ErrorCode::kUnavailable);
    EXPECT_EQ(taken.error().message, "no space left");
  }
}

TEST_F(PullProgressTest, NamesOfLayersThatNoLayerHasAreNotKept) {
  take(step(std::string(128, 'a'), "Downloading", 1, 2));
  take(step(std::string(129, 'a'), "Downloading", 1, 2));
  EXPECT_EQ(progress_.state(), (PullState{.layers = 1, .bytes_done = 1, .bytes = 2}));
}

TEST_F(PullProgressTest, AFailuresWordsAreCut) {
  Result<void> taken = progress_.take_line(R"({"error":")" + std::string(50000, 'x') + "\"}");
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().message, std::string(1000, 'x') + " ...");
}

TEST_F(PullProgressTest, NonsenseIsAnError) {
  for (const char* line : {"x", "[]", "7", "{", R"({"status":1})", R"({"error":{}})",
                           R"({"progressDetail":7})", R"({"errorDetail":{"message":1}})"}) {
    Result<void> taken = progress_.take_line(line);
    ASSERT_FALSE(taken) << line;
    EXPECT_EQ(taken.error().code, ErrorCode::kInvalid) << line;
  }
}

TEST_F(PullProgressTest, NumbersThatNoSizeCanBeAreNotBelieved) {
  take(R"({"status":"Downloading","id":"a","progressDetail":{"current":-5,"total":-1}})");
  take(R"({"status":"Downloading","id":"b","progressDetail":{"current":1e300,"total":"x"}})");
  take(R"({"status":"Downloading","id":"c","progressDetail":null})");
  EXPECT_EQ(progress_.state(), (PullState{.layers = 3}));
  for (int i = 0; i < 2000; ++i) {
    take(step("l" + std::to_string(i), "Downloading", UINT64_MAX, UINT64_MAX));
  }
  PullState state = progress_.state();
  EXPECT_EQ(state.layers, 1000U);
  EXPECT_EQ(state.bytes_done, uint64_t{997} << 50);
}

}  // namespace
}  // namespace labgpu
