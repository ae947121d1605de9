// Landlock without the filter of system calls: what the running kernel's version of it forbids.
#include "session/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/landlock.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "common/unique_fd.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/session/confined_child.h"

namespace labgpu::session_test {
namespace {

// Of the running kernel; negative without Landlock.
long version() {
  return syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

// The errno number of `attempt`, which returns -1 when it fails, after Landlock; 250 when that
// failed.
template <typename Function>
int error_inside(Function attempt) {
  constexpr int kNotConfined = 250;
  int status = status_of_child([&] {
    if (forbid_files_and_network() != 0) return kNotConfined;
    return attempt() < 0 ? errno : 0;
  });
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// What is expected of an attempt that versions from `first` on forbid.
int forbidden_since(long first, int error, int otherwise) {
  return version() >= first ? error : otherwise;
}

TEST(Landlock, ForbidsPaths) {
  const test::TemporaryDirectory directory;
  test::write_file(directory / "file", "x");
  const std::string file = directory / "file";
  const std::string other = directory / "other";
  const int refused = forbidden_since(1, EACCES, 0);
  EXPECT_EQ(error_inside([&] { return open(file.c_str(), O_RDONLY); }), refused);
  EXPECT_EQ(error_inside([&] { return open(file.c_str(), O_WRONLY); }), refused);
  EXPECT_EQ(error_inside([&] { return open("/", O_RDONLY | O_DIRECTORY); }), refused);
  EXPECT_EQ(error_inside([&] { return mkdir(other.c_str(), 0700); }), refused);
  EXPECT_EQ(error_inside([&] { return truncate(file.c_str(), 0); }), forbidden_since(3, EACCES, 0));
  if (version() < 1) return;
  EXPECT_EQ(error_inside([&] { return execl("/bin/true", "true", static_cast<char*>(nullptr)); }),
            EACCES);
  EXPECT_EQ(error_inside([&] { return unlink(file.c_str()); }), EACCES);
  EXPECT_EQ(error_inside([&] { return symlink("x", other.c_str()); }), EACCES);
  EXPECT_EQ(error_inside([&] { return rename(file.c_str(), other.c_str()); }), EACCES);
}

TEST(Landlock, LeavesDescriptorsAlone) {
  const test::TemporaryDirectory directory;
  test::write_file(directory / "file", "x");
  UniqueFd file(open((directory / "file").c_str(), O_RDWR | O_CLOEXEC));
  char byte = 0;
  EXPECT_EQ(error_inside([&] { return read(file.get(), &byte, 1) == 1 ? 0 : -1; }), 0);
  EXPECT_EQ(error_inside([&] { return write(file.get(), "y", 1) == 1 ? 0 : -1; }), 0);
}

TEST(Landlock, ForbidsTcp) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  UniqueFd tcp(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto* place = reinterpret_cast<const sockaddr*>(&address);
  EXPECT_EQ(error_inside([&] { return bind(tcp.get(), place, sizeof address); }),
            forbidden_since(4, EACCES, 0));
  address.sin_port = htons(1);  // nobody listens there
  EXPECT_EQ(error_inside([&] { return connect(tcp.get(), place, sizeof address); }),
            forbidden_since(4, EACCES, ECONNREFUSED));
}

TEST(Landlock, ForbidsOthersSignalsAndAbstractSockets) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = "labgpu-landlock-test-" + std::to_string(getpid());
  name.copy(address.sun_path + 1, sizeof address.sun_path - 1);
  const auto* place = reinterpret_cast<const sockaddr*>(&address);
  UniqueFd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(bind(listener.get(), place, sizeof address), 0);
  ASSERT_EQ(listen(listener.get(), 4), 0);
  UniqueFd client(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int refused = forbidden_since(6, EPERM, 0);
  EXPECT_EQ(error_inside([&] { return connect(client.get(), place, sizeof address); }), refused);
  EXPECT_EQ(error_inside([] { return kill(getppid(), 0); }), refused);
  EXPECT_EQ(error_inside([] { return kill(getpid(), 0); }), 0);
}

}  // namespace
}  // namespace labgpu::session_test
