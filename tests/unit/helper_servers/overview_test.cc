// Rows that are asked for a few at a time, and those that do not come.
#include "helper/overview.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "helper/event_loop.h"
#include "tests/unit/helper_docker/run_task.h"

namespace labgpu {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using namespace testing_support;

class OverviewTest : public ::testing::Test {
 protected:
  // Answers with ten times the index, after a moment.
  Task<json> answer(size_t index) {
    most_at_once_ = std::max(most_at_once_, ++at_once_);
    co_await loop_.sleep(milliseconds(1));
    --at_once_;
    co_return json(index * 10);
  }
  Task<json> hang() {
    co_await loop_.sleep(std::chrono::hours(1));
    co_return json();
  }
  std::vector<json> rows(size_t count, const Overview::Ask& ask, milliseconds patience) {
    Overview overview(loop_, ask, std::vector<json>(count, "unknown"));
    return run_task(loop_, overview.rows(patience));
  }

  EventLoop loop_;
  size_t at_once_ = 0;
  size_t most_at_once_ = 0;
};

TEST_F(OverviewTest, RowsAreInTheirOrderAndAFewAtATime) {
  auto found = rows(
      100, [this](size_t index) { return answer(index); }, std::chrono::minutes(1));
  ASSERT_EQ(found.size(), 100U);
  for (size_t i = 0; i < found.size(); ++i) EXPECT_EQ(found[i], json(i * 10));
  EXPECT_EQ(most_at_once_, Overview::kAtOnce);
}

TEST_F(OverviewTest, OneThatHangsKeepsNoOtherBack) {
  auto found = rows(
      50, [this](size_t index) { return index == 3 ? hang() : answer(index); }, milliseconds(500));
  for (size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i], i == 3 ? json("unknown") : json(i * 10));
  }
}

TEST_F(OverviewTest, WhenAllHangItEndsAllTheSame) {
  auto found = rows(
      20, [this](size_t) { return hang(); }, milliseconds(20));
  EXPECT_EQ(found, std::vector<json>(20, "unknown"));
}

TEST_F(OverviewTest, NothingIsAskedWhereThereIsNothing) {
  EXPECT_TRUE(rows(
                  0, [this](size_t) { return hang(); }, std::chrono::hours(1))
                  .empty());
}

}  // namespace
}  // namespace labgpu
