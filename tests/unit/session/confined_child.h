// Children in which tests try what a confined process can and cannot do.
#pragma once

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace labgpu::session_test {

// Runs `inside` in a child with no_new_privs; returns how it ended, as waitpid(2) has it. A child
// whose `inside` returns exits with what that returned.
template <typename Function>
int status_of_child(Function inside) {
  pid_t pid = fork();
  if (pid == 0) {
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    _exit(inside());
  }
  int status = 0;
  EXPECT_EQ(waitpid(pid, &status, 0), pid);
  return status;
}

inline bool exited_with(int status, int value) {
  return WIFEXITED(status) && WEXITSTATUS(status) == value;
}

inline bool died_of(int status, int number) {
  return WIFSIGNALED(status) && WTERMSIG(status) == number;
}

}  // namespace labgpu::session_test
