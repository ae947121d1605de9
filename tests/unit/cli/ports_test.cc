// labgpu ports, for an administrator and for a user.
#include <gmock/gmock.h>

#include "tests/unit/cli/run_self.h"

namespace labgpu {
namespace {

using nlohmann::json;
using Texts = std::vector<std::string>;
using testing::ElementsAre;
using testing::HasSubstr;

json container(const std::string& user, const std::string& state, const Texts& ports) {
  return {{"user", user}, {"state", state}, {"ports", ports}};
}
json status(const std::vector<json>& containers) {
  return reply_with({{"containers", containers}});
}

std::string state_with(const std::string& state, const Texts& ports) {
  SelfRun self({"ports", "--json"}, {alice_reply(), status({container("alice", state, ports)})});
  EXPECT_EQ(self.ran.status, 0) << self.ran.err;
  return json::parse(self.ran.out)["ports"][0]["state"];
}

TEST(Ports, AUserSeesWhereTheirsLead) {
  SelfRun self({"ports"}, {alice_reply(),
                           status({container("alice", "running", {"20000:8888", "20009:22"})})});
  EXPECT_EQ(self.ran.status, 0) << self.ran.err;
  EXPECT_THAT(self.methods(), ElementsAre("GetUser", "Status"));
  EXPECT_EQ(self.ran.out,
            "PORT   LEADS TO  STATE\n"
            "20000  8888      open\n"
            "20001  53/udp    after a rebuild\n"
            "20009  22        until a rebuild\n");
}

TEST(Ports, WhetherOneIsOpen) {
  EXPECT_EQ(state_with("running", {"20000:8888"}), "open");
  EXPECT_EQ(state_with("running", {}), "after a rebuild");
  EXPECT_EQ(state_with("stopped", {"20000:8888"}), "container stopped");
  EXPECT_EQ(state_with("absent", {}), "no container yet");
  EXPECT_THAT(state_with("unknown", {}), HasSubstr("unknown"));
}

TEST(Ports, AnAdministratorSeesEverybodys) {
  auto alice = alice_reply()["parameters"]["user"];
  json broken = {{"name", "bob"}, {"problem", "no such profile"}};
  FakeHelper helper({reply_with({{"users", {alice, broken}}}),
                     status({container("alice", "running", {"20000:8888", "20001:53/udp"}),
                             container("bob", "absent", {})})});
  auto ran = run_labgpu({"ports", "--socket", helper.socket()});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(ran.out,
            "NAME   PORT   LEADS TO  STATE\n"
            "alice  20000  8888      open\n"
            "alice  20001  53/udp    open\n");
}

TEST(Ports, OfOneAccount) {
  FakeHelper helper({alice_reply(), status({container("alice", "stopped", {})})});
  auto ran = run_labgpu({"ports", "alice", "--socket", helper.socket()});
  EXPECT_EQ(ran.status, 0) << ran.err;
  for (const auto& request : helper.requests()) {
    EXPECT_EQ(request.at("parameters"), json({{"name", "alice"}}));
  }
  json broken = {{"name", "bob"}, {"problem", "no such profile"}};
  FakeHelper other(std::vector<json>{reply_with({{"user", broken}})});
  auto refused = run_labgpu({"ports", "bob", "--socket", other.socket()});
  EXPECT_EQ(refused.status, 1);
  EXPECT_EQ(refused.err, "labgpu: bob: no such profile\n");
}

}  // namespace
}  // namespace labgpu
