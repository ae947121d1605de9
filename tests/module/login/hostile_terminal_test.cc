// What an init may pass as the container's terminal, and what such a terminal may do.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <atomic>
#include <functional>

#include "tests/module/login/fake_init.h"
#include "tests/module/login/session_process.h"
#include "tests/module/login/test_world.h"

namespace labgpu::login_test {
namespace {

using testing::HasSubstr;

UniqueFd opened(const char* path, int flags) {
  return UniqueFd(open(path, flags | O_CLOEXEC | O_NOCTTY));
}

UniqueFd socket_end() {
  int ends[2];
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  close(ends[1]);
  return UniqueFd(ends[0]);
}

UniqueFd fifo() {
  constexpr char kPath[] = "/run/fifo";
  EXPECT_EQ(mkfifo(kPath, 0600), 0);
  UniqueFd end = opened(kPath, O_RDWR);
  unlink(kPath);
  return end;
}

class HostileTerminalTest : public testing::Test {
 protected:
  void TearDown() override {
    EXPECT_EQ(processes_of_user(), 0) << "a process of the user's is still there";
  }
};

TEST_F(HostileTerminalTest, FilesThatAreNoMaster) {
  struct Kind {
    const char* what;
    std::function<UniqueFd()> make;
  };
  const Kind kinds[] = {
      {"null", [] { return opened("/dev/null", O_RDWR); }},
      {"zero", [] { return opened("/dev/zero", O_RDWR); }},
      {"full", [] { return opened("/dev/full", O_RDWR); }},
      {"memory of a process", [] { return opened("/proc/self/mem", O_RDWR); }},
      {"regular file", [] { return opened("/etc/passwd", O_RDONLY); }},
      {"directory", [] { return opened("/", O_RDONLY); }},
      {"memfd", [] { return UniqueFd(memfd_create("x", MFD_CLOEXEC)); }},
      {"socket", socket_end},
      {"FIFO", fifo},
      {"eventfd", [] { return UniqueFd(eventfd(0, EFD_CLOEXEC)); }},
      {"epoll", [] { return UniqueFd(epoll_create1(EPOLL_CLOEXEC)); }},
      {"slave", [] { return std::move(Pty().slave); }},
  };
  for (const Kind& kind : kinds) {
    SCOPED_TRACE(kind.what);
    UniqueFd file = kind.make();
    ASSERT_TRUE(file.valid());
    FakeInit init([&](int session) {
      say_hello_and_take_start(session);
      send_master(session, file.get());
    });
    TerminalSession session("true");
    EXPECT_EQ(WEXITSTATUS(session.wait()), 255);
    EXPECT_TRUE(session.modes_are_as_before());
    session.read_to_end();
    EXPECT_EQ(session.seen(),
              "labgpu: the container does not start the command: Protocol error\r\n");
  }
}

TEST_F(HostileTerminalTest, ATerminalNobodyAskedFor) {
  Pty pty;
  FakeInit init([&](int session) {
    say_hello_and_take_start(session);
    send_master(session, pty.master.get());
  });
  Finished result = run("true");
  EXPECT_THAT(result.err, HasSubstr("does not start the command"));
  EXPECT_EQ(WEXITSTATUS(result.status), 255);
}

TEST_F(HostileTerminalTest, NoTerminalWhereOneWasAskedFor) {
  FakeInit init([&](int session) {
    say_hello_and_take_start(session);
    say_started(session);
  });
  TerminalSession session("true");
  EXPECT_EQ(WEXITSTATUS(session.wait()), 255);
  EXPECT_TRUE(session.modes_are_as_before());
}

// Masters that nothing can be read of: one that is only a path, and one without another side.
TEST_F(HostileTerminalTest, MastersOfNoUse) {
  UniqueFd path = opened("/dev/ptmx", O_PATH);
  UniqueFd alone = opened("/dev/ptmx", O_RDWR);
  for (int master : {path.get(), alone.get()}) {
    FakeInit init([&](int session) {
      say_hello_and_take_start(session);
      send_master(session, master);
      pause_ms(200);
      say_exited(session, {.by_signal = 0, .value = 3});
      pause_ms(200);
    });
    TerminalSession session("true");
    EXPECT_EQ(WEXITSTATUS(session.wait()), 3);
    EXPECT_TRUE(session.modes_are_as_before());
  }
}

TEST_F(HostileTerminalTest, WrongWhileTheTerminalIsRelayed) {
  for (const std::string& packet :
       {std::string("\53\0\0", 3), std::string("\52\0\0", 3), std::string("\1\0\1\0", 4),
        std::string("\2\0\1\0\0\0\0\0", 8), std::string(100000, 'x'), std::string()}) {
    Pty pty;
    FakeInit init([&](int session) {
      say_hello_and_take_start(session);
      send_master(session, pty.master.get());
      if (!packet.empty()) send_packet(session, packet, {pty.slave.get()});
    });
    TerminalSession session("true");
    EXPECT_EQ(WEXITSTATUS(session.wait()), 255);
    EXPECT_TRUE(session.modes_are_as_before());
    session.read_to_end();
    EXPECT_THAT(session.seen(),
                HasSubstr("labgpu: the container stopped, or its labgpu-init was replaced"));
  }
}

TEST_F(HostileTerminalTest, AFloodEndsWithTheClient) {
  Pty pty;
  FakeInit init([&](int session) {
    say_hello_and_take_start(session);
    send_master(session, pty.master.get());
    pty.master.reset();
    const std::string line(1000, 'x');
    while (write(pty.slave.get(), line.data(), line.size()) > 0) {
    }
  });
  TerminalSession session("true");
  ASSERT_TRUE(session.expect("xxxx"));
  session.hang_up();
  int status = session.wait();
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGHUP) << status;
}

// The flags of a descriptor are those of all its copies, so what the session command made
// non-blocking the container makes blocking again.
TEST_F(HostileTerminalTest, OneThatBlocksTheSessionEndsWithTheClient) {
  Pty pty;
  termios raw{};  // no echo, which would be something to read, and no lines
  cfmakeraw(&raw);
  ASSERT_EQ(tcsetattr(pty.slave.get(), TCSANOW, &raw), 0);
  std::atomic<bool> blocks = false;
  FakeInit init(
      [&](int session) {
        say_hello_and_take_start(session);
        send_master(session, pty.master.get());
        const int master = pty.master.get();
        EXPECT_TRUE(eventually([&] { return (fcntl(master, F_GETFL) & O_NONBLOCK) != 0; }));
        EXPECT_EQ(fcntl(master, F_SETFL, fcntl(master, F_GETFL) & ~O_NONBLOCK), 0);
        blocks = true;
      },
      FakeInit::Then::kIsSilent);
  TerminalSession session("true");
  ASSERT_TRUE(eventually([&] { return blocks.load(); }));
  const std::string call = "/proc/" + std::to_string(session.pid()) + "/syscall";
  const std::string in_write = std::to_string(SYS_write) + " ";
  // Nobody reads what is typed, and a terminal takes no more than the kernel keeps for it.
  ASSERT_TRUE(eventually([&] {
    session.type(std::string(1000, 'x'));
    for (int look = 0; look < 3; ++look) {
      if (!read_file(call).starts_with(in_write)) return false;
      usleep(10000);
    }
    return true;
  })) << "it was to be stuck at the master, but: "
      << read_file(call);
  session.hang_up();
  int status = session.wait();
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGHUP) << status;
}

}  // namespace
}  // namespace labgpu::login_test
