// The worker's thread: order, results, and whoever stops waiting.
#include "helper/worker.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include "tests/unit/helper_docker/run_task.h"

namespace labgpu::test {
namespace {

using testing_support::run_task;
using testing_support::run_until;

class WorkerTest : public testing::Test {
 protected:
  // Keeps the worker busy until release().
  Task<void> block() {
    auto blocking = worker_->run<int>([this] {
      while (!released_) std::this_thread::yield();
      return 0;
    });
    co_await blocking;
  }
  Task<void> note(int number) {
    auto working = worker_->run<int>([this, number] {
      ++begun_;
      return number;
    });
    done_.push_back(co_await working);
  }

  EventLoop loop_;
  std::optional<Worker> worker_{std::in_place, loop_};
  std::atomic<bool> released_ = false;
  std::atomic<int> begun_ = 0;
  std::vector<int> done_;
};

TEST_F(WorkerTest, AJobRunsOnItsThreadAndItsResultComesBack) {
  auto here = std::this_thread::get_id();
  auto working = worker_->run<std::string>([here]() -> std::string {
    return std::this_thread::get_id() == here ? "the loop's thread" : "another thread";
  });
  EXPECT_EQ(run_task(loop_, std::move(working)), "another thread");
}

TEST_F(WorkerTest, TheLoopGoesOnWhileAJobRuns) {
  auto blocking = block();
  blocking.start();
  bool turned = false;
  loop_.post([&] { turned = true; });
  run_until(loop_, [&] { return turned; });
  EXPECT_FALSE(blocking.done());
  released_ = true;
  run_until(loop_, [&] { return blocking.done(); });
}

TEST_F(WorkerTest, JobsRunOneAfterTheOther) {
  std::list<Task<void>> tasks;
  for (int i = 1; i <= 20; ++i) {
    tasks.push_back(note(i));
    tasks.back().start();
  }
  run_until(loop_, [&] { return done_.size() == 20; });
  EXPECT_TRUE(std::is_sorted(done_.begin(), done_.end()));
}

TEST_F(WorkerTest, AJobThatNobodyWaitsForIsNotBegun) {
  auto blocking = block();
  blocking.start();
  {
    auto forgotten = note(1);
    forgotten.start();
  }
  auto last = note(2);
  last.start();
  released_ = true;
  run_until(loop_, [&] { return last.done(); });
  EXPECT_EQ(done_, std::vector<int>{2});
  EXPECT_EQ(begun_, 1);
}

TEST_F(WorkerTest, WhoStopsWaitingForARunningJobIsNotResumed) {
  {
    auto blocking = block();
    blocking.start();
    loop_.run_once(std::chrono::milliseconds(20));
  }
  released_ = true;
  auto after = note(1);
  after.start();
  run_until(loop_, [&] { return after.done(); });
}

TEST_F(WorkerTest, EndsWithJobsThatWereNotBegun) {
  auto blocking = block();
  blocking.start();
  auto waiting = note(1);
  waiting.start();
  released_ = true;
  worker_.reset();
  EXPECT_FALSE(waiting.done());
}

TEST_F(WorkerTest, TakesNoSignal) {
  auto working = worker_->run<bool>([] {
    sigset_t blocked;
    pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
    return sigismember(&blocked, SIGTERM) == 1 && sigismember(&blocked, SIGUSR1) == 1;
  });
  EXPECT_TRUE(run_task(loop_, std::move(working)));
  sigset_t here;
  pthread_sigmask(SIG_SETMASK, nullptr, &here);
  EXPECT_EQ(sigismember(&here, SIGUSR1), 0);
}

}  // namespace
}  // namespace labgpu::test
