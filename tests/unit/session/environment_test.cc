// Which variables of the host reach the container.
#include "session/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace labgpu {
namespace {

TEST(SessionEnvironment, PassesWhatIsInTheTable) {
  for (const char* variable :
       {"LANG=C", "LC_ALL=zh_CN.UTF-8", "LC_=", "LANGUAGE=de", "TERM=xterm", "TZ=UTC",
        "GIT_PROTOCOL=version=2", "DISPLAY=localhost:10.0", "SSH_AUTH_SOCK=/tmp/ssh-x/agent.1",
        "SSH_CLIENT=::1 1 22", "SSH_CONNECTION=::1 1 ::1 22", "COLORTERM=truecolor",
        "NO_COLOR=1"}) {
    EXPECT_TRUE(passes_to_container(variable, true)) << variable;
  }
}

TEST(SessionEnvironment, KeepsTheHostsOwnOut) {
  for (const char* variable : {"PATH=/evil",
                               "LD_PRELOAD=x.so",
                               "LD_LIBRARY_PATH=/",
                               "BASH_ENV=/tmp/x",
                               "ENV=/tmp/x",
                               "IFS=x",
                               "HOME=/root",
                               "USER=root",
                               "LOGNAME=root",
                               "SHELL=/bin/sh",
                               "SSH_TTY=/dev/pts/1",
                               "XDG_RUNTIME_DIR=/run/user/1",
                               "DBUS_SESSION_BUS_ADDRESS=x",
                               "LOCPATH=/x",
                               "NLSPATH=/x",
                               "LANGX=1",
                               "XLC_ALL=1",
                               "SSH_AUTH_INFO_0=x",
                               "BASH_FUNC_ls%%=() { id; }",
                               "LANG",
                               "",
                               "="}) {
    EXPECT_FALSE(passes_to_container(variable, true)) << variable;
  }
}

TEST(SessionEnvironment, TheOriginalCommandIsForAUsersOwnForcedCommand) {
  EXPECT_TRUE(passes_to_container("SSH_ORIGINAL_COMMAND=ls", false));
  EXPECT_FALSE(passes_to_container("SSH_ORIGINAL_COMMAND=ls", true));
}

TEST(SessionEnvironment, DropsWhatIsTooLarge) {
  EXPECT_FALSE(passes_to_container("LC_X=" + std::string(10000, 'x'), true));
  std::vector<unsigned char> buffer(32);
  TextListBuilder builder(buffer);
  const char* own[] = {"LANG=a-value-that-does-not-fit-in-here", "TZ=UTC", "PATH=/x", nullptr};
  add_environment(const_cast<char* const*>(own), true, builder);
  TextList list = builder.list();
  ASSERT_EQ(list.size(), 1U);
  std::string_view text;
  ASSERT_TRUE(list.next(text));
  EXPECT_EQ(text, "TZ=UTC");
}

}  // namespace
}  // namespace labgpu
