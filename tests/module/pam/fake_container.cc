// Makes a container's namespaces without a container.
#include "tests/module/pam/fake_container.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>

#include "tests/module/pam/fake_helper.h"
#include "tests/support/temporary_directory.h"

namespace labgpu::test {

FakeContainer::FakeContainer() {
  std::filesystem::remove_all("/var/lib/labgpu/containers");
  for (const char* tmp : {kContainerTmp, kOtherTmp}) {
    std::filesystem::create_directories(tmp);
    chmod(tmp, 01777);
  }
  write_file(std::string(kContainerTmp) + "/inside", "");

  int ready[2];
  if (pipe2(ready, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
  process_ = quiet_fork();
  if (process_ == 0) {
    bool done = unshare(CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWNS) == 0 &&
                sethostname(kContainerHostName, sizeof kContainerHostName - 1) == 0;
    if (!done || write(ready[1], "r", 1) != 1) _exit(1);
    for (;;) pause();
  }
  close(ready[1]);
  char byte = 0;
  bool is_ready = read(ready[0], &byte, 1) == 1;
  close(ready[0]);
  std::string proc = "/proc/" + std::to_string(process_);
  net_.reset(open((proc + "/ns/net").c_str(), O_RDONLY | O_CLOEXEC));
  uts_.reset(open((proc + "/ns/uts").c_str(), O_RDONLY | O_CLOEXEC));
  tmp_.reset(open((proc + "/root" + kContainerTmp).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!is_ready || !net_.valid() || !uts_.valid() || !tmp_.valid()) {
    throw std::runtime_error("cannot make a container's namespaces");
  }
}

FakeContainer::~FakeContainer() {
  kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
}

std::string FakeContainer::namespace_name(const std::string& which) const {
  return std::filesystem::read_symlink("/proc/" + std::to_string(process_) + "/ns/" + which);
}

}  // namespace labgpu::test
