// What is asked for again and again is done once more, and never more than a few at a time.
#include "helper/refresh_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "helper/repeated_work.h"

namespace labgpu {
namespace {

using ::testing::ElementsAre;

// Refreshes that end when the test says so.
class RefreshQueueTest : public ::testing::Test {
 protected:
  Task<void> refresh(std::string id) {
    begun_.push_back(id);
    co_await ends_[id];
  }
  void end(const std::string& id) {
    auto ended = ends_.extract(id);
    ended.mapped().set(true);
  }

  std::map<std::string, Shared<bool>> ends_;
  std::vector<std::string> begun_;
  RefreshQueue queue_{[this](std::string id) { return refresh(std::move(id)); }};
};

TEST_F(RefreshQueueTest, OneThatNeverEndsKeepsNoOtherBack) {
  queue_.add("hung");
  for (int i = 0; i < 20; ++i) {
    std::string id = "c" + std::to_string(i);
    queue_.add(id);
    EXPECT_EQ(begun_.back(), id);
    end(id);
  }
}

TEST_F(RefreshQueueTest, AFewAtATime) {
  for (int i = 100; i < 200; ++i) queue_.add(std::to_string(i));
  EXPECT_EQ(begun_.size(), RefreshQueue::kAtOnce);
  end("103");
  EXPECT_EQ(begun_.size(), RefreshQueue::kAtOnce + 1);
  EXPECT_EQ(begun_.back(), "108");
}

TEST_F(RefreshQueueTest, TheOldestIsNextWhateverItIsCalled) {
  for (int i = 100; i < 108; ++i) queue_.add(std::to_string(i));
  queue_.add("z");
  queue_.add("a");
  queue_.add("m");
  queue_.add("z");  // keeps its place
  end("100");
  EXPECT_EQ(begun_.back(), "z");
  end("101");
  EXPECT_EQ(begun_.back(), "a");
  end("102");
  EXPECT_EQ(begun_.back(), "m");
  EXPECT_EQ(queue_.waiting(), 0U);
}

TEST_F(RefreshQueueTest, OneThatIsBeingLookedAtLetsOthersPast) {
  for (int i = 100; i < 108; ++i) queue_.add(std::to_string(i));
  queue_.add("100");
  queue_.add("a");
  end("101");
  EXPECT_EQ(begun_.back(), "a");
  end("100");
  EXPECT_EQ(begun_.back(), "100");
}

TEST_F(RefreshQueueTest, WhatIsAskedForMeanwhileIsDoneOnceMore) {
  for (int i = 0; i < 1000; ++i) queue_.add("a");
  EXPECT_THAT(begun_, ElementsAre("a"));
  end("a");
  EXPECT_THAT(begun_, ElementsAre("a", "a"));
  end("a");
  EXPECT_THAT(begun_, ElementsAre("a", "a"));
  queue_.add("a");
  EXPECT_EQ(begun_.size(), 3U);
}

TEST_F(RefreshQueueTest, AFloodHasAnEnd) {
  for (size_t i = 0; i < 2 * RefreshQueue::kMostWaiting; ++i) queue_.add(std::to_string(i));
  EXPECT_EQ(queue_.waiting(), RefreshQueue::kMostWaiting);
  EXPECT_EQ(begun_.size(), RefreshQueue::kAtOnce);
}

TEST(RepeatedWork, IsDoneOnceMoreHoweverOftenItWasAskedFor) {
  int begun = 0;
  std::vector<Shared<bool>> ends(3);
  RepeatedWork work([&]() -> Task<void> { co_await ends[static_cast<size_t>(begun++)]; });
  for (int i = 0; i < 1000; ++i) work.ask();
  EXPECT_EQ(begun, 1);
  ends[0].set(true);
  EXPECT_EQ(begun, 2);
  ends[1].set(true);
  EXPECT_EQ(begun, 2);
  work.ask();
  EXPECT_EQ(begun, 3);
}

}  // namespace
}  // namespace labgpu
