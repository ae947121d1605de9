// What is found below a process: session commands of any depth, and nothing else.
#include "helper/login_commands.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "common/paths.h"
#include "common/unique_fd.h"

namespace labgpu::test {
namespace {

// tail(1), which waits for a file, under the name of the session command, in an environment as sshd
// makes it.
class Command {
 public:
  Command(const char* name, const std::vector<std::string>& environment,
          const char* file = "/nowhere") {
    process_ = fork();
    if (process_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      std::vector<char*> variables;
      for (const auto& each : environment) variables.push_back(const_cast<char*>(each.c_str()));
      variables.push_back(nullptr);
      char* arguments[] = {const_cast<char*>(name), const_cast<char*>("-F"),
                           const_cast<char*>(file), nullptr};
      freopen("/dev/null", "w", stderr);
      execve("/usr/bin/tail", arguments, variables.data());
      _exit(127);
    }
  }
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;
  ~Command() {
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
  }

 private:
  pid_t process_;
};

// What runs below this process, once there are as many as that.
std::vector<LoginCommand> commands_below(size_t count) {
  std::vector<LoginCommand> found;
  for (int tries = 0; tries < 1000; ++tries) {
    found = commands_of_login(getpid());
    if (found.size() == count) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  std::sort(found.begin(), found.end(),
            [](const auto& one, const auto& other) { return one.text < other.text; });
  return found;
}

TEST(LoginCommands, AreThoseOfSessionCommands) {
  Command shell(kSessionCommand, {"SSH_TTY=/dev/pts/3", "USER=alice"});
  Command make(kSessionCommand, {"SSH_ORIGINAL_COMMAND=make -j8", "SSH_CONNECTION=1 2 3 4"});
  Command other("/usr/bin/tail", {"SSH_ORIGINAL_COMMAND=other"});
  auto found = commands_below(2);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].text, "");
  EXPECT_TRUE(found[0].terminal);
  EXPECT_EQ(found[1].text, "make -j8");
  EXPECT_FALSE(found[1].terminal);
}

TEST(LoginCommands, HaveTheNameThatSshdGivesThem) {
  Command shell("-labgpu-session", {"SSH_ORIGINAL_COMMAND=1"});
  Command command("labgpu-session", {"SSH_ORIGINAL_COMMAND=2"});
  Command of_host("bash", {"SSH_ORIGINAL_COMMAND=3"}, kSessionCommand);
  Command other("bash", {"SSH_ORIGINAL_COMMAND=other"});
  auto found = commands_below(3);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].text, "1");
  EXPECT_EQ(found[1].text, "2");
  EXPECT_EQ(found[2].text, "3");
}

TEST(LoginCommands, AUsersOwnCommandIsWhatItWasCalled) {
  Command own(kSelfCommand, {"TERM=xterm"});
  Command other("/usr/libexec/labgpu/labgpu-self-x", {});
  auto found = commands_below(1);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].text, "labgpu -F /nowhere");
}

TEST(LoginCommands, ALongOneIsCut) {
  Command command(kSessionCommand, {"SSH_ORIGINAL_COMMAND=" + std::string(100'000, 'x')});
  Command own(kSelfCommand, {}, std::string(1000, 'x').c_str());
  auto found = commands_below(2);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].text, "labgpu -F " + std::string(190, 'x') + " ...");
  EXPECT_EQ(found[1].text, std::string(200, 'x') + " ...");
}

TEST(LoginCommands, NothingRunsOrNobodyIsThere) {
  EXPECT_TRUE(commands_of_login(getpid()).empty());
  EXPECT_TRUE(commands_of_login(0x7ffffff0).empty());
}

}  // namespace
}  // namespace labgpu::test
