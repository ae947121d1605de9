// Forks user children that look, and report through a pipe.
#include "tests/module/pam/executing.h"

#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/module/pam/fake_container.h"
#include "tests/module/pam/fake_helper.h"
#include "tests/module/pam/pam_login.h"
#include "tests/module/pam/sandbox.h"

namespace labgpu::test {

std::string output_of(std::vector<std::string> words) {
  int out[2];
  if (pipe2(out, O_CLOEXEC) != 0) return "pipe";
  pid_t child = fork();
  if (child == 0) {
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    dup2(out[1], STDOUT_FILENO);
    execv(words[0].c_str(), arguments.data());
    dprintf(STDOUT_FILENO, "%s", strerror(errno));
    _exit(127);
  }
  close(out[1]);
  std::string text;
  char buffer[4096];
  for (ssize_t size; (size = read(out[0], buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<size_t>(size));
  }
  close(out[0]);
  waitpid(child, nullptr, 0);
  return text;
}

std::string in_user_child(const char* user, const std::function<std::string()>& look) {
  FakeContainer container;
  FakeHelper helper(give_session(container.fds()));
  PamLogin login(user);
  EXPECT_EQ(login.setcred(), PAM_SUCCESS);
  EXPECT_EQ(login.open_session(), PAM_SUCCESS);
  int out[2];
  EXPECT_EQ(pipe2(out, O_CLOEXEC), 0);
  pid_t child = quiet_fork();
  if (child == 0) {
    if (login.setcred() != PAM_SUCCESS) _exit(1);
    std::string said = look();
    _exit(write(out[1], said.data(), said.size()) == static_cast<ssize_t>(said.size()) ? 0 : 1);
  }
  close(out[1]);
  std::string said(8192, '\0');
  ssize_t size = read(out[0], said.data(), said.size());
  said.resize(size > 0 ? static_cast<size_t>(size) : 0);
  close(out[0]);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0) << logged();
  return said;
}

}  // namespace labgpu::test
