// One direction of the terminal relay: bounded, in order, and told apart: waiting and closed.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "session/relay.h"

namespace labgpu {
namespace {

struct PipePair {
  PipePair() {
    int fds[2];
    EXPECT_EQ(pipe2(fds, O_NONBLOCK | O_CLOEXEC), 0);
    out.reset(fds[0]);
    in.reset(fds[1]);
  }
  UniqueFd out;
  UniqueFd in;
};

using Result = Flow::Result;

TEST(Flow, CarriesEveryByteInOrderThroughASmallBuffer) {
  auto flow = std::make_unique<Flow>();
  PipePair source;
  PipePair sink;
  std::string sent;
  std::string received;
  for (int round = 0; round < 200; ++round) {
    std::string block(1 + static_cast<size_t>(round) * 13, static_cast<char>('a' + round % 26));
    ASSERT_EQ(write(source.in.get(), block.data(), block.size()),
              static_cast<ssize_t>(block.size()));
    sent += block;
    while (flow->fill(source.out.get()) == Result::kMoved) {
    }
    while (flow->drain(sink.in.get()) == Result::kMoved) {
    }
    char buffer[65536];
    ssize_t size = read(sink.out.get(), buffer, sizeof buffer);
    if (size > 0) received.append(buffer, static_cast<size_t>(size));
  }
  EXPECT_TRUE(flow->is_empty());
  EXPECT_EQ(received, sent);
}

TEST(Flow, StopsReadingWhenItIsFull) {
  auto flow = std::make_unique<Flow>();
  PipePair source;
  std::string block(40000, 'x');
  ASSERT_EQ(write(source.in.get(), block.data(), block.size()), 40000);
  int moves = 0;
  while (flow->fill(source.out.get()) == Result::kMoved) ++moves;
  EXPECT_FALSE(flow->has_room());
  EXPECT_EQ(moves, 1);
  source.in.reset();
  EXPECT_EQ(flow->fill(source.out.get()), Result::kWait);  // the rest is not lost
}

TEST(Flow, TellsAnEmptySourceFromAClosedOne) {
  auto flow = std::make_unique<Flow>();
  PipePair source;
  EXPECT_EQ(flow->fill(source.out.get()), Result::kWait);
  source.in.reset();
  EXPECT_EQ(flow->fill(source.out.get()), Result::kClosed);
}

TEST(Flow, ReportsASinkThatIsGone) {
  signal(SIGPIPE, SIG_IGN);
  auto flow = std::make_unique<Flow>();
  PipePair source;
  PipePair sink;
  ASSERT_EQ(write(source.in.get(), "x", 1), 1);
  ASSERT_EQ(flow->fill(source.out.get()), Result::kMoved);
  sink.out.reset();
  EXPECT_EQ(flow->drain(sink.in.get()), Result::kClosed);
}

}  // namespace
}  // namespace labgpu
