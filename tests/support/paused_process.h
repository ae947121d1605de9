// A child that does nothing, in a network of its own: what a container's init is for code that only
// looks at it. Needs root.
#pragma once

#include <sched.h>
#include <signal.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>

namespace labgpu::test {

class PausedProcess {
 public:
  PausedProcess() {
    int ready[2];
    if (pipe(ready) != 0) throw std::runtime_error("pipe failed");
    pid_ = fork();
    if (pid_ == 0) {
      char done = unshare(CLONE_NEWNET) == 0 ? 'y' : 'n';
      [[maybe_unused]] ssize_t told = write(ready[1], &done, 1);
      for (;;) pause();
    }
    char done = 'n';
    bool heard = read(ready[0], &done, 1) == 1 && done == 'y';
    close(ready[0]);
    close(ready[1]);
    if (!heard) throw std::runtime_error("no network of its own");
  }
  PausedProcess(const PausedProcess&) = delete;
  PausedProcess& operator=(const PausedProcess&) = delete;
  ~PausedProcess() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = 0;
};

}  // namespace labgpu::test
