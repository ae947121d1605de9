// A new terminal's first input: what was typed before it was there.
#include "init/terminal.h"

#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <string>

namespace labgpu {
namespace {

class NewTerminal : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "only root gives a terminal to the group tty";
    Terminal model;
    ASSERT_EQ(open_terminal(Start{}, 0, model), 0);
    ASSERT_EQ(ioctl(model.slave.get(), TCGETS2, &modes_), 0);
    ASSERT_NE(modes_.c_lflag & ECHO, 0U);
  }

  int open_with(std::string_view typed) {
    auto bytes = [](const void* data, size_t size) {
      return Bytes(static_cast<const unsigned char*>(data), size);
    };
    Start start;
    start.terminal = 1;
    start.modes = bytes(&modes_, sizeof modes_);
    start.typed = bytes(typed.data(), typed.size());
    int error = open_terminal(start, 0, terminal_);
    if (error == 0) settle_typed(terminal_.slave.get(), start);
    return error;
  }

  std::string line() {
    char buffer[8192];
    ssize_t size = read(terminal_.slave.get(), buffer, sizeof buffer);
    return size < 0 ? "failed" : std::string(buffer, static_cast<size_t>(size));
  }

  bool shows_something() {
    pollfd readable{.fd = terminal_.master.get(), .events = POLLIN, .revents = 0};
    return poll(&readable, 1, 0) == 1;
  }

  Terminal terminal_;
  termios2 modes_{};
};

TEST_F(NewTerminal, HasWhatWasTypedAsItsInputAndDoesNotEchoIt) {
  ASSERT_EQ(open_with("one\n\x04two\n"), 0);
  EXPECT_EQ(line(), "one\n");
  EXPECT_EQ(line(), "");
  EXPECT_EQ(line(), "two\n");
  EXPECT_FALSE(shows_something());
}

TEST_F(NewTerminal, EchoesWhatIsTypedAfterwards) {
  ASSERT_EQ(open_with("one\n"), 0);
  ASSERT_EQ(write(terminal_.master.get(), "x\n", 2), 2);
  EXPECT_EQ(line(), "one\n");
  EXPECT_EQ(line(), "x\n");
  char shown[16];
  ASSERT_EQ(read(terminal_.master.get(), shown, sizeof shown), 3);
  EXPECT_EQ(std::string(shown, 3), "x\r\n");
}

TEST_F(NewTerminal, KeepsTheModesThatItWasGiven) {
  modes_.c_cc[VINTR] = 7;
  ASSERT_EQ(open_with("one\n"), 0);
  termios2 found{};
  ASSERT_EQ(ioctl(terminal_.slave.get(), TCGETS2, &found), 0);
  EXPECT_EQ(found.c_lflag, modes_.c_lflag);
  EXPECT_EQ(found.c_cc[VINTR], 7);
}

TEST_F(NewTerminal, TakesNoMoreThanATerminalHolds) {
  EXPECT_EQ(open_with(std::string(4097, 'x')), EINVAL);
}

}  // namespace
}  // namespace labgpu
