// How full disks are: real ones, and ones that never answer.
#include "helper/disk_usage.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <list>

#include "tests/unit/helper_docker/run_task.h"

namespace labgpu::test {
namespace {

using testing_support::run_until;

// Disks whose names begin with "/hang" answer when the test ends.
class DiskUsageTest : public testing::Test {
 protected:
  ~DiskUsageTest() override {
    let_go_.set_value();
    while (inside_ != 0) std::this_thread::yield();
  }
  AskDisk ask() {
    return [this](const std::string& path) -> std::optional<DiskSpace> {
      ++inside_;
      ++asked_;
      if (path.starts_with("/hang")) released_.wait();
      --inside_;
      if (path == "/gone") return std::nullopt;
      return DiskSpace{.device = 1, .total = 100, .used = 40, .available = 60};
    };
  }
  // Whether all are answered within `limit`.
  bool look(DiskUsage& usage, const std::vector<std::string>& paths,
            std::chrono::milliseconds limit = std::chrono::milliseconds(100)) {
    looks_.push_back(usage.look_at(paths));
    auto& looking = looks_.back();
    looking.start();
    auto end = std::chrono::steady_clock::now() + limit;
    while (!looking.done() && std::chrono::steady_clock::now() < end) {
      loop_.run_once(std::chrono::milliseconds(5));
    }
    return looking.done();
  }

  std::promise<void> let_go_;
  std::shared_future<void> released_ = let_go_.get_future().share();
  std::atomic<int> inside_ = 0;
  std::atomic<int> asked_ = 0;
  EventLoop loop_;
  std::list<Task<void>> looks_;
};

constexpr std::chrono::milliseconds kLong{20000};

TEST_F(DiskUsageTest, TheKernelTells) {
  DiskUsage usage(loop_);
  ASSERT_TRUE(look(usage, {"/", "/nowhere"}, kLong));
  auto space = usage.space_of("/");
  ASSERT_TRUE(space);
  EXPECT_GT(space->total, 0U);
  EXPECT_LE(space->used, space->total);
  EXPECT_FALSE(usage.space_of("/nowhere"));
  EXPECT_FALSE(usage.space_of("/never-asked"));
}

TEST_F(DiskUsageTest, AnAnswerIsUsedAgain) {
  DiskUsage usage(loop_, ask());
  ASSERT_TRUE(look(usage, {"/a", "/gone"}, kLong));
  ASSERT_TRUE(look(usage, {"/a", "/gone"}, kLong));
  EXPECT_EQ(asked_, 2);
  EXPECT_TRUE(usage.space_of("/a"));
  EXPECT_FALSE(usage.space_of("/gone"));
}

TEST_F(DiskUsageTest, AnOldAnswerIsNotTold) {
  DiskUsage usage(loop_, ask(), std::chrono::milliseconds(0));
  ASSERT_TRUE(look(usage, {"/a"}, kLong));
  EXPECT_FALSE(usage.space_of("/a"));
  ASSERT_TRUE(look(usage, {"/a"}, kLong));
  EXPECT_EQ(asked_, 2);
}

TEST_F(DiskUsageTest, ADiskThatHangsDelaysNoOther) {
  DiskUsage usage(loop_, ask());
  EXPECT_FALSE(look(usage, {"/hang", "/a"}));
  EXPECT_TRUE(usage.space_of("/a"));
  EXPECT_TRUE(look(usage, {"/b"}, kLong));
}

TEST_F(DiskUsageTest, ADiskThatHangsIsAskedOnce) {
  DiskUsage usage(loop_, ask());
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(look(usage, {"/hang"}, std::chrono::milliseconds(5)));
  }
  EXPECT_FALSE(look(usage, {"/hang"}));
  EXPECT_EQ(asked_, 1);
}

TEST_F(DiskUsageTest, ThreadsDoNotPileUp) {
  DiskUsage usage(loop_, ask());
  for (int i = 0; i < 20; ++i) {
    EXPECT_FALSE(look(usage, {"/hang" + std::to_string(i)}, std::chrono::milliseconds(5)));
  }
  EXPECT_FALSE(look(usage, {"/a"}));
  EXPECT_EQ(asked_, static_cast<int>(DiskUsage::kMostThreads));
}

TEST_F(DiskUsageTest, NobodyWaitsForADiskAtTheEnd) {
  auto begun = std::chrono::steady_clock::now();
  {
    DiskUsage usage(loop_, ask());
    EXPECT_FALSE(look(usage, {"/hang"}));
    looks_.clear();
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(10));
}

}  // namespace
}  // namespace labgpu::test
