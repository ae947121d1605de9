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

TEST(Shared, LastWaiterMayDestroyIt) {
  auto shared = std::make_unique<Shared<int>>();
  auto destroy = [](std::unique_ptr<Shared<int>>& owner) -> Task<void> {
    int value = co_await *owner;
    EXPECT_EQ(value, 7);
    owner.reset();
  };
  spawn(destroy(shared));
  shared->set(7);
  EXPECT_EQ(shared, nullptr);
}

// Holds the mutex until `release` is set.
Task<void> hold_turn(AsyncMutex& mutex, Shared<int>& release, std::vector<int>& notes, int me) {
  AsyncMutex::Guard turn = co_await mutex.lock();
  notes.push_back(me);
  co_await release;
}

TEST(AsyncMutex, OneAtATimeInOrder) {
  AsyncMutex mutex;
  Shared<int> first;
  Shared<int> second;
  Shared<int> third;
  std::vector<int> notes;
  spawn(hold_turn(mutex, first, notes, 1));
  spawn(hold_turn(mutex, second, notes, 2));
  spawn(hold_turn(mutex, third, notes, 3));
  EXPECT_EQ(notes, (std::vector<int>{1}));
  first.set(0);
  EXPECT_EQ(notes, (std::vector<int>{1, 2}));
  third.set(0);  // set already when its turn comes
  second.set(0);
  EXPECT_EQ(notes, (std::vector<int>{1, 2, 3}));
}

TEST(AsyncMutex, DestroyedHolderAndWaiterLetOthersPass) {
  AsyncMutex mutex;
  Shared<int> never;
  std::vector<int> notes;
  std::vector<std::unique_ptr<Task<void>>> tasks;
  for (int me = 0; me < 3; ++me) {
    tasks.push_back(std::make_unique<Task<void>>(hold_turn(mutex, never, notes, me)));
    tasks.back()->start();
  }
  tasks[1].reset();  // waits
  tasks[0].reset();  // holds
  EXPECT_EQ(notes, (std::vector<int>{0, 2}));
}

TEST(TaskGroup, StopsWhatIsLeftNewestFirst) {
  AsyncMutex mutex;
  Shared<int> never;
  std::vector<int> notes;
  {
    TaskGroup group;
    group.add(hold_turn(mutex, never, notes, 1));
    group.add(hold_turn(mutex, never, notes, 2));
  }
  EXPECT_EQ(notes, (std::vector<int>{1}));  // the second never had its turn
}

TEST(TaskGroup, FinishedTasksLeaveNothing) {
  Token token;
  Shared<int> shared;
  TaskGroup group;
  group.add(hold(shared, token.held));
  shared.set(1);
  group.add(hold(shared, token.held));
  EXPECT_EQ(token.held.use_count(), 1);
}

}  // namespace
}  // namespace labgpu
