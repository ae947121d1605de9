// The line that is written over, at a terminal and where there is none.
#include "cli/status_line.h"

#include <gmock/gmock.h>
#include <pty.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <string>

#include "common/unique_fd.h"

namespace labgpu {
namespace {

// What `show` writes to a terminal, or nothing of it when the standard error is none.
std::string at_a_terminal(const std::function<void()>& show) {
  int ours = -1;
  int theirs = -1;
  if (openpty(&ours, &theirs, nullptr, nullptr, nullptr) != 0) return "no terminal";
  UniqueFd terminal(ours);
  UniqueFd before(dup(STDERR_FILENO));
  dup2(theirs, STDERR_FILENO);
  close(theirs);
  show();
  dup2(before.get(), STDERR_FILENO);
  // The kernel hands over what was written in pieces; behind the last one is EIO.
  std::string written;
  std::array<char, 4096> piece{};
  for (ssize_t size; (size = read(terminal.get(), piece.data(), piece.size())) > 0;) {
    written.append(piece.data(), static_cast<size_t>(size));
  }
  return written;
}

TEST(StatusLine, IsWrittenOverAndGoneInTheEnd) {
  EXPECT_EQ(at_a_terminal([] {
              StatusLine line;
              line.show("importing 16/200");
              line.show("importing\n 32/200");
            }),
            "\r\x1b[Kimporting 16/200\r\x1b[Kimporting? 32/200\r\x1b[K");
}

TEST(StatusLine, NothingToShowIsNothingWritten) {
  EXPECT_EQ(at_a_terminal([] { StatusLine line; }), "");
}

TEST(StatusLine, NothingIsWrittenWhereNobodyLooks) {
  testing::internal::CaptureStderr();
  {
    StatusLine line;
    line.show("importing 16/200");
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace labgpu
