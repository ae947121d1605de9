// common/unique_fd.h and common/deadline.h.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <time.h>

#include <type_traits>
#include <utility>

#include "common/deadline.h"
#include "common/unique_fd.h"

namespace labgpu {
namespace {

int open_null() { return open("/dev/null", O_RDONLY | O_CLOEXEC); }
bool is_open(int fd) { return fcntl(fd, F_GETFD) >= 0; }

TEST(UniqueFd, ClosesOnce) {
  int number = open_null();
  {
    UniqueFd fd(number);
    EXPECT_TRUE(fd.valid());
    EXPECT_TRUE(is_open(number));
  }
  EXPECT_FALSE(is_open(number));
}

TEST(UniqueFd, MovesAndNeverCopies) {
  static_assert(!std::is_copy_constructible_v<UniqueFd> && !std::is_copy_assignable_v<UniqueFd>);
  static_assert(!std::is_convertible_v<UniqueFd, int> && !std::is_convertible_v<UniqueFd, bool>);
  UniqueFd first(open_null());
  int number = first.get();
  UniqueFd second(std::move(first));
  EXPECT_EQ(second.get(), number);
  UniqueFd third(open_null());
  int replaced = third.get();
  third = std::move(second);
  EXPECT_FALSE(is_open(replaced));
  EXPECT_EQ(third.get(), number);
  EXPECT_TRUE(is_open(number));
}

TEST(UniqueFd, GivesAway) {
  UniqueFd fd(open_null());
  int number = fd.release();
  EXPECT_FALSE(fd.valid());
  fd.reset();
  EXPECT_TRUE(is_open(number));
  UniqueFd(number).reset();
  EXPECT_FALSE(is_open(number));
}

TEST(Deadline, IsWhatPollTakes) {
  EXPECT_EQ(Deadline::never().poll_timeout(), -1);
  EXPECT_EQ(Deadline::after_ms(0).poll_timeout(), 0);
  int left = Deadline::after_ms(60000).poll_timeout();
  EXPECT_GT(left, 50000);
  EXPECT_LE(left, 60000);
}

TEST(Deadline, Passes) {
  Deadline deadline = Deadline::after_ms(20);
  EXPECT_GT(deadline.poll_timeout(), 0);
  timespec pause{.tv_sec = 0, .tv_nsec = 30'000'000};
  nanosleep(&pause, nullptr);
  EXPECT_EQ(deadline.poll_timeout(), 0);
}

}  // namespace
}  // namespace labgpu
