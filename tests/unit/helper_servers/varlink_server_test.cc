// The Varlink server: framing, order, introspection, and who is calling.
#include "helper/varlink_server.h"

#include <gmock/gmock.h>

#include "helper/build_info.h"
#include "tests/unit/helper_servers/varlink_fixture.h"

namespace labgpu::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;
using testing::UnorderedElementsAreArray;

class VarlinkServerTest : public VarlinkFixture {};

TEST_F(VarlinkServerTest, SaysWhatItIs) {
  auto caller = client();
  caller.call("org.varlink.service.GetInfo", json::object());
  auto info = caller.receive()["parameters"];
  EXPECT_EQ(info["product"], "labgpud");
  EXPECT_EQ(info["version"], kLabgpuVersion);
  EXPECT_EQ(info["interfaces"], json({"org.varlink.service", "org.example"}));
  caller.call("org.varlink.service.GetInterfaceDescription", {{"interface", "org.example"}});
  EXPECT_EQ(caller.receive()["parameters"]["description"], "interface org.example\n");
  caller.call("org.varlink.service.GetInterfaceDescription",
              {{"interface", "org.varlink.service"}});
  EXPECT_THAT(caller.receive()["parameters"]["description"].get<std::string>(),
              HasSubstr("method GetInfo()"));
}

TEST_F(VarlinkServerTest, TellsHowFarItIsToThoseWhoTakeMoreReplies) {
  auto caller = client();
  caller.call("org.example.Count", {{"to", 2}}, {{"more", true}});
  for (int i : {1, 2}) {
    EXPECT_EQ(caller.receive(), json({{"parameters", {{"i", i}}}, {"continues", true}}));
  }
  EXPECT_EQ(caller.receive(), json({{"parameters", {{"i", 0}}}}));
  for (const auto& how : {json::object(), json({{"more", false}})}) {
    caller.call("org.example.Count", {{"to", 2}}, how);
    EXPECT_EQ(caller.receive(), json({{"parameters", {{"i", 0}}}}));
  }
  caller.call("org.example.Count", {{"to", 2}}, {{"more", true}, {"oneway", true}});
  caller.call("org.example.Echo", {{"next", 1}});
  EXPECT_EQ(caller.receive(), json({{"parameters", {{"next", 1}}}}));
}

TEST_F(VarlinkServerTest, ACallThatWantsToEndsWithItsCaller) {
  auto caller = client();
  caller.call("org.example.Stay", json::object());
  run_until(loop_, [this] { return !interface_.called.empty(); });
  EXPECT_EQ(interface_.called.back(), "Stay");
  caller.hang_up();
  run_until(loop_, [this] { return interface_.called.back() == "left"; });
  auto other = client();
  other.call("org.example.Echo", {{"still", "here"}});
  EXPECT_EQ(other.receive()["parameters"]["still"], "here");
}

TEST_F(VarlinkServerTest, WhatIsNotThereIsAnErrorOfTheService) {
  auto caller = client();
  caller.call("org.nowhere.Echo", json::object());
  auto reply = caller.receive();
  EXPECT_EQ(error_of(reply), "org.varlink.service.InterfaceNotFound");
  EXPECT_EQ(reply["parameters"]["interface"], "org.nowhere");
  caller.call("org.example.Nothing", json::object());
  reply = caller.receive();
  EXPECT_EQ(error_of(reply), "org.varlink.service.MethodNotFound");
  EXPECT_EQ(reply["parameters"]["method"], "org.example.Nothing");
  caller.call("org.varlink.service.Nothing", json::object());
  EXPECT_EQ(error_of(caller.receive()), "org.varlink.service.MethodNotFound");
  caller.call("nonsense", json::object());
  EXPECT_EQ(error_of(caller.receive()), "org.varlink.service.InterfaceNotFound");
  caller.call("org.varlink.service.GetInterfaceDescription", {{"interface", "org.nowhere"}});
  EXPECT_EQ(error_of(caller.receive()), "org.varlink.service.InterfaceNotFound");
  caller.call("org.varlink.service.GetInterfaceDescription", {{"interface", 5}});
  reply = caller.receive();
  EXPECT_EQ(error_of(reply), "org.varlink.service.InvalidParameter");
  EXPECT_EQ(reply["parameters"]["parameter"], "interface");
  caller.call("org.varlink.service.GetInfo", {{"extra", 1}});
  EXPECT_EQ(error_of(caller.receive()), "org.varlink.service.InvalidParameter");
  caller.call("org.example.Echo", json::object(), {{"upgrade", true}});
  EXPECT_EQ(error_of(caller.receive()), "org.varlink.service.MethodNotImplemented");
}

TEST_F(VarlinkServerTest, RepliesComeInTheOrderOfTheCalls) {
  auto caller = client();
  std::string calls;
  for (int i = 0; i < 20; ++i) {
    json message = {{"method", "org.example.Echo"},
                    {"parameters", {{"tag", std::to_string(i)}, {"wait", i % 3}}}};
    calls += message.dump() + std::string(1, '\0');
  }
  caller.send(calls);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(caller.receive()["parameters"]["tag"], std::to_string(i));
  }
}

TEST_F(VarlinkServerTest, ACallMayComeByteByByte) {
  auto caller = client();
  std::string message = R"({"method":"org.example.Echo","parameters":{"tag":"x"}})";
  message.push_back('\0');
  for (char c : message) caller.send({&c, 1});
  EXPECT_EQ(caller.receive()["parameters"]["tag"], "x");
}

TEST_F(VarlinkServerTest, OnewayCallsAreDoneAndNotAnswered) {
  auto caller = client();
  caller.call("org.example.Echo", {{"tag", "1"}}, {{"oneway", true}});
  caller.call("org.example.Echo", {{"tag", "2"}}, {{"more", true}, {"someday", 1}});
  EXPECT_EQ(caller.receive()["parameters"]["tag"], "2");
  EXPECT_EQ(interface_.called, (std::vector<std::string>{"Echo1", "Echo2"}));
}

TEST_F(VarlinkServerTest, ParametersMayBeLeftOut) {
  auto caller = client();
  caller.send(std::string(R"({"method":"org.example.Echo"})") + '\0');
  EXPECT_EQ(caller.receive()["parameters"], json::object());
}

TEST_F(VarlinkServerTest, ABigReplyArrivesWhole) {
  auto caller = client();
  caller.call("org.example.Big", json::object());
  caller.call("org.example.Echo", {{"tag", "after"}});
  EXPECT_EQ(caller.receive()["parameters"]["text"].get<std::string>().size(), size_t{3} << 20);
  EXPECT_EQ(caller.receive()["parameters"]["tag"], "after");
}

TEST_F(VarlinkServerTest, ACallThatTakesLongIsNoIdleness) {
  auto caller = client();
  caller.call("org.example.Echo", {{"tag", "x"}, {"wait", 2500}});
  EXPECT_EQ(caller.receive()["parameters"]["tag"], "x");
}

TEST_F(VarlinkServerTest, TheKernelSaysWhoCalls) {
  auto groups_of_peer_in = [this](std::vector<gid_t> groups) {
    auto caller = client(4711, std::move(groups));
    caller.call("org.example.Echo", json::object());
    caller.receive();
    EXPECT_EQ(interface_.last_peer.uid, 4711U);
    return interface_.last_peer.groups;
  };
  EXPECT_THAT(groups_of_peer_in({}), ElementsAre(4711));
  EXPECT_THAT(groups_of_peer_in({27, 100}), UnorderedElementsAre(27, 100, 4711));
  std::vector<gid_t> many;
  for (gid_t i = 1; i <= 1000; ++i) many.push_back(i);
  auto found = groups_of_peer_in(many);
  many.push_back(4711);
  EXPECT_THAT(found, UnorderedElementsAreArray(many));
}

TEST_F(VarlinkServerTest, TheServerMayEndDuringACall) {
  auto caller = client();
  caller.call("org.example.Echo", {{"wait", 10000}});
  for (int i = 0; i < 5; ++i) loop_.run_once(std::chrono::milliseconds(1));
  server_.reset();
  EXPECT_EQ(caller.receive(), nullptr);
}

TEST(VarlinkMessage, WhatIsNotUtf8IsMendedInReplies) {
  auto text = encode_reply(json{{"message", "a\xff"}});
  EXPECT_EQ(text.back(), '\0');
  EXPECT_EQ(json::parse(text.substr(0, text.size() - 1))["parameters"]["message"], "a\xef\xbf\xbd");
}

}  // namespace
}  // namespace labgpu::test
