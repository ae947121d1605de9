// Sets the tests' directories, image and init up and takes them down.
#include "tests/module/docker/docker_fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <system_error>

#include "common/paths.h"
#include "common/unique_fd.h"
#include "helper/log.h"

namespace labgpu::testing_support {

namespace fs = std::filesystem;

namespace {

constexpr uint32_t kUid = 54321;

std::string user_prefix() { return "dockertest-" + std::to_string(getpid()) + "-"; }

// The one thing that runs share: the host's guest programs, whose place is fixed. A run that finds
// none puts one there, and the last run that ends takes it away.
class GuestInit {
 public:
  GuestInit() : lock_(open("/run/labgpu-docker-test.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    flock(lock_.get(), LOCK_EX);
    if (!fs::exists(path())) {
      fs::create_directories(kGuestDirectory);
      fs::copy_file(LABGPU_TEST_INIT, path());
      put(lock_.get(), true);
    }
    flock(lock_.get(), LOCK_SH);
  }
  GuestInit(const GuestInit&) = delete;
  GuestInit& operator=(const GuestInit&) = delete;
  ~GuestInit() {
    std::error_code ignored;
    if (flock(lock_.get(), LOCK_EX | LOCK_NB) != 0 || !is_put(lock_.get())) return;
    fs::remove(path(), ignored);
    put(lock_.get(), false);
  }

 private:
  static std::string path() { return std::string(kGuestDirectory) + "/labgpu-init"; }
  // The lock file has a byte in it while the program there is a test's.
  static void put(int lock, bool ours) { EXPECT_EQ(ftruncate(lock, ours ? 1 : 0), 0); }
  static bool is_put(int lock) { return lseek(lock, 0, SEEK_END) == 1; }
  UniqueFd lock_;
};

std::unique_ptr<GuestInit> guest_init;

}  // namespace

const std::string& DockerFixture::image() {
  static const std::string name = "labgpu-docker-test:" + std::to_string(getpid());
  return name;
}

std::string output_of(const std::string& command) {
  FILE* pipe = popen(command.c_str(), "re");
  if (pipe == nullptr) throw std::runtime_error("popen: " + command);
  std::string output;
  char buffer[4096];
  while (size_t count = fread(buffer, 1, sizeof buffer, pipe)) output.append(buffer, count);
  if (pclose(pipe) != 0) throw std::runtime_error("failed: " + command);
  while (!output.empty() && output.back() == '\n') output.pop_back();
  return output;
}

bool succeeds(const std::string& command) {
  try {
    output_of(command + " 2>/dev/null");
    return true;
  } catch (const std::runtime_error&) {
    return false;
  }
}

std::string namespace_of(const std::string& pid, const std::string& name) {
  return fs::read_symlink("/proc/" + pid + "/ns/" + name).string();
}

void DockerFixture::SetUpTestSuite() {
  // One empty directory is what an image may be made from.
  output_of("d=$(mktemp -d) && mkdir $d/etc && tar -C $d -c . | docker import - " + image() +
            " && rm -r $d");
  guest_init = std::make_unique<GuestInit>();
}

void DockerFixture::TearDownTestSuite() {
  guest_init.reset();
  output_of("docker rmi -f " + image());
}

// In /srv, because every directory above a mount's source has to be root's alone, and /run is the
// server's own.
void DockerFixture::SetUp() {
  char directory[] = "/srv/labgpu-docker-test-XXXXXX";
  ASSERT_NE(mkdtemp(directory), nullptr);
  directory_ = directory;
  chmod(directory, 0755);
  fs::create_directory(state_directory());
  config_.defaults.image = image();
  config_.defaults.gpus = parse_gpus("none").value();
  config_.defaults.shm_bytes = 1 << 20;
  log_to_stderr(true);
  proxy_.emplace(directory_ + "/docker.sock");
  docker_.emplace(loop_, directory_ + "/docker.sock");
  manager_ = make_manager();
}

void DockerFixture::TearDown() {
  manager_.reset();
  docker_.reset();
  proxy_.reset();
  output_of("docker ps -aq --filter name=" + user_prefix() + " | xargs -r docker rm -fv");
  for (const char* kind : {"kept", "snapshot"}) {
    output_of("docker images -q 'labgpu/" + std::string(kind) + "/" + user_prefix() +
              "*' | xargs -r docker rmi -f");
  }
  fs::remove_all(directory_);
  log_to_journal(false);
}

Account DockerFixture::make_account(const std::string& suffix) {
  Account account;
  account.name = user_prefix() + suffix;
  account.uid = account.gid = kUid;
  account.home = directory_ + "/" + account.name;
  fs::create_directory(account.home);
  return account;
}

std::unique_ptr<ContainerManager> DockerFixture::make_manager() {
  return std::make_unique<ContainerManager>(loop_, *docker_, config_, state_directory());
}

void DockerFixture::restart_helper() {
  manager_.reset();
  docker_.reset();
  docker_.emplace(loop_, directory_ + "/docker.sock");
  manager_ = make_manager();
}

void DockerFixture::leave_mark(const Account& account, const std::string& text) {
  output_of("printf %s '" + text + "' >" + directory_ + "/mark && docker cp " + directory_ +
            "/mark " + container_name(account) + ":/etc/mark >/dev/null 2>&1");
}

std::string DockerFixture::mark_of(const Account& account) {
  std::string copy = "docker cp " + container_name(account) + ":/etc/mark - 2>/dev/null";
  return succeeds(copy + " | tar -xO >/dev/null") ? output_of(copy + " | tar -xO") : "";
}

void DockerFixture::follow() {
  uint64_t before = docker_->request_count();
  manager_->start_following([](const EngineInfo&) {});
  // Version, events and the list.
  wait_until([&] { return docker_->request_count() >= before + 3; });
}

}  // namespace labgpu::testing_support
