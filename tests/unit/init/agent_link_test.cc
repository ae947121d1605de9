// The path of the agent that stays: what replaces it, and what does not.
#include "init/agent_link.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

#include "common/unique_fd.h"

namespace labgpu {
namespace {

namespace fs = std::filesystem;

class AgentLink : public testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/agent_link_test.XXXXXX";
    ASSERT_NE(mkdtemp(pattern), nullptr);
    home_ = pattern;
    link_ = home_ + std::string(kAgentLink);
  }
  void TearDown() override { fs::remove_all(home_); }

  // A socket that somebody listens at, until the descriptor is closed.
  UniqueFd agent(const std::string& path) {
    UniqueFd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    EXPECT_EQ(bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(listen(listener.get(), 1), 0);
    return listener;
  }

  std::string home_;
  std::string link_;
};

TEST_F(AgentLink, IsMadeWithItsDirectory) {
  link_agent(home_, "/tmp/ssh-XXXX/agent.1", false);
  EXPECT_EQ(fs::read_symlink(link_), "/tmp/ssh-XXXX/agent.1");
  EXPECT_EQ(fs::status(home_ + "/.ssh").permissions(), fs::perms::owner_all);
}

TEST_F(AgentLink, LeavesNothingElseBehind) {
  link_agent(home_, "/a/1", false);
  link_agent(home_, "/a/2", true);
  auto files = fs::directory_iterator(home_ + "/.ssh");
  EXPECT_EQ(std::distance(begin(files), end(files)), 1);
}

TEST_F(AgentLink, OfAnAgentThatIsGoneIsReplaced) {
  std::string path = home_ + "/one";
  {
    UniqueFd gone = agent(path);
    link_agent(home_, path, false);
  }
  link_agent(home_, "/a/2", false);
  EXPECT_EQ(fs::read_symlink(link_), "/a/2");
}

TEST_F(AgentLink, OfAnAgentThatAnswersStays) {
  std::string path = home_ + "/one";
  UniqueFd there = agent(path);
  link_agent(home_, path, false);
  link_agent(home_, "/a/2", false);
  EXPECT_EQ(fs::read_symlink(link_), path);
}

TEST_F(AgentLink, OfAnAgentThatAnswersIsTakenOver) {
  std::string path = home_ + "/one";
  UniqueFd there = agent(path);
  link_agent(home_, path, false);
  link_agent(home_, "/a/2", true);
  EXPECT_EQ(fs::read_symlink(link_), "/a/2");
}

TEST_F(AgentLink, ReplacesNothingThatIsNoLink) {
  fs::create_directory(home_ + "/.ssh");
  std::ofstream(link_) << "mine";
  link_agent(home_, "/a/1", true);
  EXPECT_FALSE(fs::is_symlink(link_));
}

TEST_F(AgentLink, IsNotMadeForWhatIsNoAbsolutePath) {
  link_agent(home_, "", true);
  link_agent(home_, "agent.1", true);
  EXPECT_FALSE(fs::exists(home_ + "/.ssh"));
}

TEST_F(AgentLink, FailsSilentlyWhereThereIsNoHome) {
  link_agent(home_ + "/missing", "/a/1", true);
  link_agent(home_ + "/" + std::string(5000, 'x'), "/a/1", true);
  EXPECT_TRUE(fs::is_empty(home_));
}

}  // namespace
}  // namespace labgpu
