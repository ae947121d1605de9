// labgpu.json while the helper runs: what is refused, what counts later, what is done to accounts
// and containers.
#include "helper/live_config.h"

#include <gmock/gmock.h>

#include "tests/unit/helper_docker/run_task.h"
#include "tests/unit/helper_servers/accounts.h"
#include "tests/unit/helper_servers/fake_containers.h"

namespace labgpu::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::run_until;

class LiveConfigTest : public testing::Test {
 protected:
  std::string refusal(const std::string& text) {
    write_file(path_, text);
    auto config = load_checked_config(path_, accounts_.store->list());
    return config ? "accepted" : config.error().message;
  }
  void apply() {
    auto applying = apply_config(config_, *accounts_.store, containers_);
    applying.start();
    run_until(loop_, [&] { return applying.done(); });
  }

  EventLoop loop_;
  Accounts accounts_{loop_};
  FakeContainers containers_;
  Config config_;
  std::string path_ = accounts_.directory / "labgpu.json";
};

TEST_F(LiveConfigTest, MistakesNameFileLineAndKey) {
  EXPECT_EQ(refusal("{}"), "accepted");
  EXPECT_EQ(refusal("{\"defaults\": {\n\"memory\": \"12x\"}}"),
            path_ +
                ": line 2: defaults.memory \"12x\" must be a size such as 8g or 512m, or none "
                "for no limit");
  EXPECT_THAT(refusal("{\n\"a\":}"), HasSubstr(path_ + ": parse error at line 2"));
}

TEST_F(LiveConfigTest, MoreCpusThanTheServerHasAreRefused) {
  EXPECT_THAT(refusal(R"({"profiles": {"big": {"cpus": 9999}}})"),
              HasSubstr(path_ + ": profiles.big: cpus 9999 is more than this server has"));
}

TEST_F(LiveConfigTest, AProfileThatAnAccountHasMustStay) {
  accounts_.add("alice");
  EXPECT_EQ(refusal("{}"), "accepted");
  accounts_.change("alice", [](Account& account) { account.profile = "phd"; });
  EXPECT_THAT(refusal("{}"),
              HasSubstr("profiles must have \"phd\", which is the profile of alice"));
  EXPECT_EQ(refusal(R"({"profiles": {"phd": {}}})"), "accepted");
}

TEST_F(LiveConfigTest, SomeKeysCountAfterARestart) {
  Config other = config_;
  EXPECT_TRUE(keys_for_restart(config_, other).empty());
  other.ids.last -= 1;
  other.docker_socket = "/run/other.sock";
  other.defaults.image = "other";
  EXPECT_THAT(keys_for_restart(config_, other), ElementsAre("ids", "docker.socket"));
}

TEST_F(LiveConfigTest, ContainersAndPortsFollow) {
  accounts_.add("alice");
  accounts_.add("bob");
  config_.defaults.ports = std::vector<Port>{{8888, 0, false}};
  config_.ports = {20000, 20100, ""};
  containers_.having = {"alice", "bob"};
  apply();
  EXPECT_THAT(containers_.asked, ElementsAre("list", "apply alice", "apply bob"));
  auto port_of = [&](const char* name) {
    return accounts_.store->find(name)->host_ports.at("8888/tcp");
  };
  auto alices = port_of("alice");
  EXPECT_NE(alices, port_of("bob"));
  apply();
  EXPECT_EQ(port_of("alice"), alices);
}

TEST_F(LiveConfigTest, WhoHasNoContainerIsNoQuestionToDocker) {
  accounts_.add("alice");
  accounts_.add("bob");
  containers_.having = {"bob", "a former account"};
  apply();
  EXPECT_THAT(containers_.asked, ElementsAre("list", "apply bob"));
}

TEST_F(LiveConfigTest, ADockerThatIsDownIsAskedOnce) {
  accounts_.add("alice");
  accounts_.add("bob");
  containers_.listed = fail(ErrorCode::kUnavailable, "Docker is down");
  apply();
  EXPECT_THAT(containers_.asked, ElementsAre("list"));

  containers_.listed = {};
  containers_.having = {"alice", "bob"};
  containers_.applying = fail(ErrorCode::kUnavailable, "Docker is down");
  containers_.asked.clear();
  apply();
  EXPECT_THAT(containers_.asked, ElementsAre("list", "apply alice"));
  containers_.applying = fail(ErrorCode::kExists, "alice has several containers");
  containers_.asked.clear();
  apply();
  EXPECT_THAT(containers_.asked, ElementsAre("list", "apply alice", "apply bob"));
}

}  // namespace
}  // namespace labgpu::test
