// Sets up the test program's own mount namespace, before the first test.
#include "tests/module/login/test_world.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "common/paths.h"

namespace labgpu::login_test {

namespace {

constexpr char kPrograms[] = "/run/labgpu/programs/";

// /run becomes a tmpfs that only this program sees, with the helper's socket directory in it.
class World : public testing::Environment {
 public:
  void SetUp() override {
    ASSERT_EQ(geteuid(), 0U) << "these tests make containers: run them as root";
    signal(SIGPIPE, SIG_IGN);
    ASSERT_EQ(unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    ASSERT_EQ(mount("tmpfs", "/run", "tmpfs", 0, "mode=755"), 0);
    std::filesystem::create_directories(kSessionSocketDirectory);
    std::filesystem::create_directories(kPrograms);
    std::filesystem::copy_file(LABGPU_INIT_PROGRAM, init_program());
    std::filesystem::copy_file(LABGPU_SESSION_PROGRAM, session_program());
  }
};

[[maybe_unused]] testing::Environment* const world =
    testing::AddGlobalTestEnvironment(new World);  // GoogleTest owns it

}  // namespace

std::string session_program() { return std::string(kPrograms) + "labgpu-session"; }
std::string init_program() { return std::string(kPrograms) + "labgpu-init"; }

std::string read_file(const std::string& path) {
  std::ostringstream content;
  content << std::ifstream(path).rdbuf();
  return content.str();
}

void write_file(const std::string& path, const std::string& content, mode_t mode) {
  std::ofstream(path) << content;
  EXPECT_EQ(chmod(path.c_str(), mode), 0) << path;
}

bool exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

int processes_of_user() {
  namespace fs = std::filesystem;
  const std::string line = "\nUid:\t" + std::to_string(kUid) + "\t";
  const fs::path own = fs::read_symlink("/proc/self/ns/mnt");
  int count = 0;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    // A test host beside these tests has accounts with the same ids.
    std::error_code gone;
    if (fs::read_symlink(entry.path() / "ns/mnt", gone) != own) continue;
    // The owner of the files does not tell: those of a process without a core are root's (proc(5)).
    count += read_file(entry.path() / "status").find(line) != std::string::npos ? 1 : 0;
  }
  return count;
}

void pause_ms(int milliseconds) { poll(nullptr, 0, milliseconds); }

}  // namespace labgpu::login_test
