// The event loop: descriptors, timers, posts, signals, and sources that go away inside callbacks.
#include "helper/event_loop.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <memory>
#include <vector>

#include "common/unique_fd.h"

namespace labgpu {
namespace {

using std::chrono::milliseconds;

struct Pipe {
  UniqueFd reader, writer;
  Pipe() {
    int ends[2] = {-1, -1};
    EXPECT_EQ(pipe(ends), 0);
    reader.reset(ends[0]);
    writer.reset(ends[1]);
  }
  void put() const { EXPECT_EQ(write(writer.get(), "x", 1), 1); }
};

TEST(EventLoop, WatchTellsWhatIsReady) {
  EventLoop loop;
  Pipe pipe;
  uint32_t seen = 0;
  EventSource source =
      loop.watch(pipe.reader.get(), EPOLLIN, [&](uint32_t ready) { seen = ready; });
  loop.run_once(milliseconds(0));
  EXPECT_EQ(seen, 0U);
  pipe.put();
  loop.run_once(milliseconds(1000));
  EXPECT_EQ(seen, static_cast<uint32_t>(EPOLLIN));
}

TEST(EventLoop, DestroyedSourceIsOff) {
  EventLoop loop;
  Pipe pipe;
  bool called = false;
  EventSource source = loop.watch(pipe.reader.get(), EPOLLIN, [&](uint32_t) { called = true; });
  pipe.put();
  source.reset();
  EXPECT_FALSE(source);
  loop.run_once(milliseconds(0));
  EXPECT_FALSE(called);
}

TEST(EventLoop, SourceMayGoInsideItsOwnCallback) {
  EventLoop loop;
  Pipe pipe;
  int calls = 0;
  auto kept = std::make_shared<int>(5);  // part of the callback: must live until it returns
  EventSource source;
  source = loop.watch(pipe.reader.get(), EPOLLIN, [&calls, &source, kept](uint32_t) {
    source.reset();
    calls += *kept;
  });
  pipe.put();
  loop.run_once(milliseconds(1000));
  loop.run_once(milliseconds(0));
  EXPECT_EQ(calls, 5);
  EXPECT_EQ(kept.use_count(), 1);
}

TEST(EventLoop, SourceMayBeReplacedInsideItsOwnCallback) {
  EventLoop loop;
  int calls = 0;
  EventSource timer;
  timer = loop.after(milliseconds(0), [&] {
    timer = loop.after(milliseconds(0), [&] { calls += 10; });
    calls += 1;
  });
  for (int i = 0; i < 3; ++i) loop.run_once(milliseconds(100));
  EXPECT_EQ(calls, 11);
}

TEST(EventLoop, TimersFireOnceAndInOrder) {
  EventLoop loop;
  std::vector<int> order;
  EventSource late = loop.after(milliseconds(20), [&] {
    order.push_back(2);
    loop.exit(7);
  });
  EventSource early = loop.after(milliseconds(1), [&] { order.push_back(1); });
  EXPECT_EQ(loop.run(), 7);
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST(EventLoop, PostRunsLaterAndInOrder) {
  EventLoop loop;
  std::vector<int> order;
  loop.post([&] {
    order.push_back(1);
    loop.post([&] { order.push_back(3); });
  });
  loop.post([&] { order.push_back(2); });
  EXPECT_TRUE(order.empty());
  loop.run_once(milliseconds(100));
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
  loop.run_once(milliseconds(100));
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST(EventLoop, PostedButNeverRunIsFreed) {
  auto kept = std::make_shared<int>(0);
  {
    EventLoop loop;
    loop.post([kept] {});
  }
  EXPECT_EQ(kept.use_count(), 1);
}

TEST(EventLoop, SignalIsDelivered) {
  EventLoop loop;
  int signals = 0;
  EventSource source = loop.on_signal(SIGUSR1, [&] { ++signals; });
  raise(SIGUSR1);
  loop.run_once(milliseconds(1000));
  EXPECT_EQ(signals, 1);
}

Task<void> nap(EventLoop& loop, bool& woke) {
  co_await loop.sleep(milliseconds(1));
  woke = true;
}

TEST(EventLoop, SleepResumesTheCoroutine) {
  EventLoop loop;
  bool woke = false;
  spawn(nap(loop, woke));
  EXPECT_FALSE(woke);
  loop.run_once(milliseconds(1000));
  EXPECT_TRUE(woke);
}

TEST(EventLoop, DestroyedSleeperIsNotResumed) {
  EventLoop loop;
  bool woke = false;
  {
    Task<void> task = nap(loop, woke);
    task.start();
  }
  loop.run_once(milliseconds(20));
  EXPECT_FALSE(woke);
}

// A sanitiser keeps what was freed, to find who uses it still.
#if !defined(__SANITIZE_ADDRESS__)
size_t resident_pages() {
  size_t size = 0;
  size_t resident = 0;
  std::ifstream("/proc/self/statm") >> size >> resident;
  return resident;
}

TEST(EventLoop, MemoryGoesBackToTheSystemThoughSomethingLiesAbove) {
  constexpr size_t kBlocks = 40000;
  EventLoop loop;
  std::vector<std::unique_ptr<std::array<char, 1000>>> blocks;
  auto before = resident_pages();
  for (size_t i = 0; i < kBlocks; ++i) {
    blocks.push_back(std::make_unique<std::array<char, 1000>>());
  }
  auto above = std::move(blocks.back());
  blocks.clear();
  auto kept = resident_pages() - before;
  ASSERT_GT(kept, 5000U) << "nothing to give back";
  loop.trim_memory_soon();
  for (int i = 0; i < 30; ++i) loop.run_once(milliseconds(100));
  EXPECT_LT(resident_pages(), before + kept / 10);
}
#endif

}  // namespace
}  // namespace labgpu
