// Settings and profiles of accounts: all or nothing of what is asked for, and what Docker does of
// it.
#include <gmock/gmock.h>

#include "tests/unit/helper_servers/admin_fixture.h"

namespace labgpu::test {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(AdminMethodsTest, SetUserDoesAllOrNothing) {
  call("AddUser", {{"name", "alice"}});
  auto set = [](std::vector<std::string> assignments) {
    return json{{"name", "alice"}, {"assignments", std::move(assignments)}};
  };
  auto user =
      call("SetUser", set({"real_name=A = B", "locked=yes", "gpus=none", "login=root"}))["user"];
  EXPECT_EQ(user["realName"], "A = B");
  EXPECT_EQ(user["locked"], true);
  EXPECT_EQ(user["overrides"], (json{{"gpus", "none"}, {"login", "root"}}));
  for (const char* bad : {"gpus", "gpus=two", "colour=red", "locked=maybe", "real_name=a:b",
                          "container_name={user}/x"}) {
    EXPECT_THAT(refusal("SetUser", set({"locked=no", bad})), HasSubstr("Invalid: ")) << bad;
  }
  EXPECT_THAT(refusal("SetUser", set({"colour=red"})), HasSubstr("locked"));
  EXPECT_EQ(call("GetUser", {{"name", "alice"}})["user"], user);
  EXPECT_EQ(call("SetUser", set({"gpus=", "login="}))["user"]["overrides"], json::object());
}

TEST_F(AdminMethodsTest, ChangedSettingsAreAppliedToTheContainer) {
  call("AddUser", {{"name", "alice"}});
  containers_.changed = {"memory"};
  containers_.needs_rebuild = {"mounts", "shm_size"};
  containers_.ports = {{8888, 20000, false}};
  auto set = [](std::vector<std::string> assignments) {
    return json{{"name", "alice"}, {"assignments", std::move(assignments)}};
  };
  auto reply = call("SetUser", set({"memory=16g", "mounts=/data"}));
  EXPECT_EQ(reply["changed"], json({"memory"}));
  EXPECT_EQ(reply["container"]["needsRebuild"], json({"mounts", "shm_size"}));
  EXPECT_EQ(reply["container"]["pending"], json::array());
  EXPECT_EQ(reply["container"]["ports"], json({"20000:8888"}));
  EXPECT_FALSE(reply.contains("note"));
  EXPECT_EQ(reply["user"]["settings"]["memory"], uint64_t{16} << 30);
  EXPECT_THAT(containers_.asked, ElementsAre("apply alice"));
  EXPECT_FALSE(call("SetUser", set({"locked=yes"})).contains("container"));
  EXPECT_THAT(containers_.asked, ElementsAre("apply alice"));
}

TEST_F(AdminMethodsTest, WhatDockerCannotChangeIsSavedAllTheSame) {
  call("AddUser", {{"name", "alice"}});
  containers_.applying = fail(ErrorCode::kUnavailable, "Docker cannot change the container");
  containers_.pending = {"memory"};
  auto reply = call("SetUser", {{"name", "alice"}, {"assignments", {"memory=16g"}}});
  EXPECT_EQ(reply["note"], "Docker cannot change the container");
  EXPECT_EQ(reply["changed"], json::array());
  EXPECT_EQ(reply["container"]["pending"], json({"memory"}));
  EXPECT_EQ(accounts_.store->find("alice")->settings.memory_bytes, uint64_t{16} << 30);
}

TEST_F(AdminMethodsTest, ProfilesAreGivenAndTold) {
  config_.profiles["phd"].memory_bytes = 1 << 30;
  call("AddUser", {{"name", "alice"}});
  auto set = [](const std::string& assignment) {
    return json{{"name", "alice"}, {"assignments", {assignment}}};
  };
  EXPECT_THAT(refusal("SetUser", set("profile=master")),
              HasSubstr("Invalid: alice has the profile \"master\", which labgpu.json has not; it "
                        "has: phd"));
  auto user = call("SetUser", set("profile=phd"))["user"];
  EXPECT_EQ(user["profile"], "phd");
  EXPECT_EQ(user["settings"]["memory"], 1 << 30);
  json memory = {{"key", "memory"}, {"value", "1g"}, {"origin", "profile"}};
  EXPECT_THAT(user["view"], testing::Contains(memory));
  config_.profiles.clear();
  user = call("GetUser", {{"name", "alice"}})["user"];
  EXPECT_FALSE(user.contains("settings"));
  EXPECT_THAT(std::string(user["problem"]), HasSubstr("it has no profiles"));
  // Whatever the settings are, the rest of the account can be changed.
  EXPECT_EQ(call("SetUser", set("locked=yes"))["user"]["locked"], true);
  EXPECT_FALSE(call("SetUser", set("profile="))["user"].contains("profile"));
}

TEST_F(AdminMethodsTest, BadSettingsChangeNothing) {
  call("AddUser", {{"name", "alice"}});
  call("AddUser", {{"name", "bob"}});
  std::filesystem::create_directory_symlink("/etc", accounts_.directory / "link");
  auto set = [](const std::string& name, const std::string& assignment) {
    return json{{"name", name}, {"assignments", {"gpus=none", assignment}}};
  };
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"memory=12x", "memory \"12x\" must be a size"},
      {"memory=5m", "memory is below 6m"},
      {"cpus=100000", "cpus"},
      {"cpus=9999", "more than this server has"},
      {"mounts=/etc:/x", "mounts cannot have /etc: it is the server's own"},
      {"mounts=/run/docker.sock", "mounts cannot have /run/docker.sock"},
      {"mounts=" + (accounts_.directory / "link") + ":/x", "it leads to /etc"},
      {"cap_add=SYS_ADMIN", "allowCapabilities"},
      {"cap_drop=SETUID", "cap_drop cannot have SETUID"}};
  auto before = call("GetUser", {{"name", "alice"}});
  for (const auto& [assignment, expected] : bad) {
    EXPECT_THAT(refusal("SetUser", set("alice", assignment)),
                AllOf(HasSubstr("Invalid: "), HasSubstr(expected)));
  }
  EXPECT_EQ(call("GetUser", {{"name", "alice"}}), before);
  EXPECT_TRUE(containers_.asked.empty());
  call("SetUser", set("bob", "ports=29999:80"));
  EXPECT_THAT(refusal("SetUser", set("alice", "ports=29999:80")),
              HasSubstr("Invalid: ports cannot have 29999: this port of the server is bob's"));
}

TEST_F(AdminMethodsTest, PortsAreReservedAndKept) {
  call("AddUser", {{"name", "alice"}});
  auto set = [&](const std::string& assignment) {
    return call("SetUser", {{"name", "alice"}, {"assignments", {assignment}}})["user"];
  };
  auto ports = set("ports=8888,ssh")["settings"]["ports"];
  ASSERT_EQ(ports.size(), 2U);
  EXPECT_THAT(std::string(ports[0]), testing::EndsWith(":ssh"));
  set("ports=");
  EXPECT_EQ(set("ports=8888,ssh")["settings"]["ports"], ports);
}

}  // namespace
}  // namespace labgpu::test
