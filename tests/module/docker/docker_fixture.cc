// Sets the tests' directories, image and init up and takes them down.
#include "tests/module/docker/docker_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <filesystem>
#include <stdexcept>

#include "common/paths.h"
#include "helper/log.h"

namespace labgpu::testing_support {

namespace fs = std::filesystem;

namespace {

constexpr char kUserPrefix[] = "dockertest-";
constexpr uint32_t kUid = 54321;

}  // namespace

bool DockerFixture::made_guest_directory_ = false;

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
  output_of(std::string("d=$(mktemp -d) && mkdir $d/etc && tar -C $d -c . | docker import - ") +
            kImage + " && rm -r $d");
  if (fs::exists(std::string(kGuestDirectory) + "/labgpu-init")) return;
  fs::create_directories(kGuestDirectory);
  fs::copy_file(LABGPU_TEST_INIT, std::string(kGuestDirectory) + "/labgpu-init");
  made_guest_directory_ = true;
}

void DockerFixture::TearDownTestSuite() {
  output_of(std::string("docker rmi -f ") + kImage);
  if (made_guest_directory_) fs::remove(std::string(kGuestDirectory) + "/labgpu-init");
  made_guest_directory_ = false;
}

// In /run, because every directory above a mount's source has to be root's alone.
void DockerFixture::SetUp() {
  char directory[] = "/run/labgpu-docker-test-XXXXXX";
  ASSERT_NE(mkdtemp(directory), nullptr);
  directory_ = directory;
  chmod(directory, 0755);
  fs::create_directory(state_directory());
  config_.defaults.image = kImage;
  config_.defaults.gpus = Gpus::kNone;
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
  output_of(std::string("docker ps -aq --filter name=") + kUserPrefix +
            " | xargs -r docker rm -fv");
  fs::remove_all(directory_);
  log_to_journal(false);
}

Account DockerFixture::make_account(const std::string& suffix) {
  Account account;
  account.name = kUserPrefix + suffix;
  account.uid = account.gid = kUid;
  account.home = directory_ + "/" + account.name;
  fs::create_directory(account.home);
  return account;
}

std::unique_ptr<ContainerManager> DockerFixture::make_manager() {
  return std::make_unique<ContainerManager>(loop_, *docker_, config_, state_directory());
}

void DockerFixture::follow() {
  uint64_t before = docker_->request_count();
  manager_->start_following();
  // Version, events and the list.
  wait_until([&] { return docker_->request_count() >= before + 3; });
}

}  // namespace labgpu::testing_support
