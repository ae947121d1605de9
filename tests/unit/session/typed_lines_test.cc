// What is typed before the session command listens: taken as it was typed.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include <string>
#include <string_view>

#include "common/unique_fd.h"
#include "session/client_terminal.h"

namespace labgpu {
namespace {

class TypedLines : public testing::Test {
 protected:
  void SetUp() override {
    master_.reset(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    ASSERT_EQ(grantpt(master_.get()), 0);
    ASSERT_EQ(unlockpt(master_.get()), 0);
    slave_.reset(open(ptsname(master_.get()), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
    ASSERT_EQ(ioctl(slave_.get(), TCGETS2, &modes_), 0);
  }

  void set(tcflag_t local_modes) {
    modes_.c_lflag = local_modes;
    ASSERT_EQ(ioctl(slave_.get(), TCSETS2, &modes_), 0);
  }

  void type(std::string_view keys) {
    ASSERT_EQ(write(master_.get(), keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
    // The kernel carries the bytes over in its own time; poll(2) says when they can be read.
    pollfd readable{.fd = slave_.get(), .events = POLLIN, .revents = 0};
    ASSERT_EQ(poll(&readable, 1, 10000), 1);
  }

  std::string taken() {
    char out[8192];
    return {out, take_typed_lines(slave_.get(), modes_, out)};
  }

  UniqueFd master_;
  UniqueFd slave_;
  termios2 modes_{};
};

TEST_F(TypedLines, AreTakenInOrder) {
  type("one\rtwo\n");
  EXPECT_EQ(taken(), "one\ntwo\n");
  EXPECT_EQ(taken(), "");
}

TEST_F(TypedLines, KeepTheEndOfFile) {
  type("one\n\x04two\n");
  EXPECT_EQ(taken(), "one\n\x04two\n");
}

TEST_F(TypedLines, KeepTheEndOfFileThatFollowsText) {
  type("three\x04\x04");
  EXPECT_EQ(taken(), "three\x04\x04");
}

TEST_F(TypedLines, UseTheTerminalsOwnCharacterForIt) {
  modes_.c_cc[VEOF] = 'X';
  set(modes_.c_lflag);
  type("oneX");
  EXPECT_EQ(taken(), "oneX");
}

TEST_F(TypedLines, LeaveALineThatIsNotFinished) {
  type("one\nunfinis");
  EXPECT_EQ(taken(), "one\n");
  set(modes_.c_lflag & ~static_cast<tcflag_t>(ICANON));
  char rest[64];
  EXPECT_EQ(read(slave_.get(), rest, sizeof rest), 7);
}

TEST_F(TypedLines, AreNoneWithoutLines) {
  set(modes_.c_lflag & ~static_cast<tcflag_t>(ICANON));
  type("abc\n");
  EXPECT_EQ(taken(), "");
}

TEST_F(TypedLines, EndAtAHangUp) {
  type("one\n");
  master_.reset();
  char out[64];
  EXPECT_LE(take_typed_lines(slave_.get(), modes_, out), sizeof out);
}

}  // namespace
}  // namespace labgpu
