// Coroutines: Task's laziness, ownership and cancellation, and Shared's many waiters.
#include "helper/task.h"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace labgpu {
namespace {

Task<int> answer(bool& ran) {
  ran = true;
  co_return 42;
}

Task<void> store_answer(bool& ran, int& out) { out = co_await answer(ran); }

Task<int> failing() {
  throw std::runtime_error("no answer");
  co_return 0;
}

Task<void> catching(std::string& out) {
  try {
    co_await failing();
  } catch (const std::runtime_error& error) {
    out = error.what();
  }
}

Task<void> note(Shared<int>& shared, std::vector<int>& notes, int me) {
  int value = co_await shared;
  notes.push_back(me * 100 + value);
}

// Tells whether the frame that holds it is still there.
struct Token {
  std::shared_ptr<int> held = std::make_shared<int>(0);
};

Task<void> hold(Shared<int>& shared, std::shared_ptr<int> token) {
  co_await shared;
  token.reset();
}

TEST(Task, RunsOnlyWhenAwaited) {
  bool ran = false;
  int out = 0;
  Task<void> task = store_answer(ran, out);
  EXPECT_FALSE(ran);
  task.start();
  EXPECT_TRUE(ran);
  EXPECT_TRUE(task.done());
  EXPECT_EQ(out, 42);
}

TEST(Task, SpawnedRunsToItsEnd) {
  bool ran = false;
  int out = 0;
  spawn(store_answer(ran, out));
  EXPECT_EQ(out, 42);
}

TEST(Task, ExceptionReachesTheAwaiter) {
  std::string out;
  spawn(catching(out));
  EXPECT_EQ(out, "no answer");
}

TEST(TaskDeathTest, ExceptionThatNobodyTakesEndsTheProcess) {
  EXPECT_DEATH(
      {
        Task<int> task = failing();
        task.start();
      },
      "");
}

TEST(Task, DestroyingItFreesItsFrame) {
  Token token;
  Shared<int> shared;
  {
    Task<void> task = hold(shared, token.held);
    task.start();
    EXPECT_FALSE(task.done());
    EXPECT_EQ(token.held.use_count(), 2);
  }
  EXPECT_EQ(token.held.use_count(), 1);
  shared.set(1);  // must not resume what is gone
}

TEST(Shared, WaitersResumeInOrder) {
  Shared<int> shared;
  std::vector<int> notes;
  spawn(note(shared, notes, 1));
  spawn(note(shared, notes, 2));
  EXPECT_TRUE(notes.empty());
  shared.set(7);
  EXPECT_EQ(notes, (std::vector<int>{107, 207}));
  spawn(note(shared, notes, 3));  // set already: does not wait
  EXPECT_EQ(notes.back(), 307);
}

TEST(Shared, WaiterInTheMiddleMayGo) {
  Shared<int> shared;
  std::vector<int> notes;
  std::vector<Task<void>> tasks;
  for (int me = 1; me <= 3; ++me) {
    tasks.push_back(note(shared, notes, me));
    tasks.back().start();
  }
  tasks.erase(tasks.begin() + 1);
  shared.set(7);
  EXPECT_EQ(notes, (std::vector<int>{107, 307}));
}

Task<void> destroy_when_set(Shared<int>& shared, std::unique_ptr<Task<void>>& victim) {
  co_await shared;
  victim.reset();
}

TEST(Shared, WaiterMayDestroyTheOneBehindIt) {
  Shared<int> shared;
  std::vector<int> notes;
  std::unique_ptr<Task<void>> victim;
  spawn(destroy_when_set(shared, victim));
  victim = std::make_unique<Task<void>>(note(shared, notes, 2));
  victim->start();
  spawn(note(shared, notes, 3));
  shared.set(7);
  EXPECT_EQ(notes, (std::vector<int>{307}));
}

}  // namespace
}  // namespace labgpu
