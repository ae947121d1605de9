// The client against helpers that answer late, in pieces, too much, nonsense or not at all.
#include "cli/varlink_client.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include "tests/unit/cli/fake_helper.h"

namespace labgpu {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using testing::HasSubstr;

// One call to a helper that answers `reply`, which is sent as it is.
Result<json> call_with_reply(const std::string& reply) {
  FakeHelper helper([&](int fd) {
    read_message(fd);
    write_bytes(fd, reply);
  });
  return VarlinkClient::connect(helper.socket())->call("Status", json::object());
}

Result<json> call_with_reply(const json& reply) { return call_with_reply(reply.dump() + '\0'); }

TEST(VarlinkClient, SendsTheMethodAndReturnsTheParameters) {
  FakeHelper helper(std::vector{json({{"parameters", {{"users", json::array()}}}})});
  auto client = VarlinkClient::connect(helper.socket());
  ASSERT_TRUE(client);
  auto reply = client->call("GetUser", {{"name", "alice"}});
  ASSERT_TRUE(reply);
  EXPECT_EQ(*reply, json({{"users", json::array()}}));
  EXPECT_EQ(helper.requests().at(0),
            json({{"method", "org.labgpu.GetUser"}, {"parameters", {{"name", "alice"}}}}));
}

TEST(VarlinkClient, CallsOneAfterTheOther) {
  FakeHelper helper([](int fd) {
    for (int i = 0; i < 2; ++i) {
      read_message(fd);
      write_bytes(fd, json({{"parameters", {{"i", i}}}}).dump() + '\0');
    }
  });
  auto client = VarlinkClient::connect(helper.socket());
  EXPECT_EQ(client->call("Status", json::object())->at("i"), 0);
  EXPECT_EQ(client->call("Status", json::object())->at("i"), 1);
}

TEST(VarlinkClient, ParametersMayBeLeftOut) {
  EXPECT_EQ(call_with_reply(json::object()).value(), json::object());
}

TEST(VarlinkClient, AReplyMayComeByteByByte) {
  FakeHelper helper([](int fd) {
    read_message(fd);
    for (char byte : json({{"parameters", {{"a", 1}}}}).dump() + '\0') {
      write_bytes(fd, std::string(1, byte));
      usleep(200);
    }
  });
  auto reply = VarlinkClient::connect(helper.socket())->call("Status", json::object());
  EXPECT_EQ(reply->at("a"), 1);
}

TEST(VarlinkClient, ALongReplyArrivesWhole) {
  std::string text(size_t{3} * 1024 * 1024, 'x');
  EXPECT_EQ(call_with_reply(json({{"parameters", {{"t", text}}}}))->at("t"), text);
}

TEST(VarlinkClient, AnEndlessReplyIsNotTaken) {
  FakeHelper helper([](int fd) {
    read_message(fd);
    write_bytes(fd, std::string(kMaxReply + 100'000, 'x'));
  });
  auto reply = VarlinkClient::connect(helper.socket())->call("Status", json::object());
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().exit_status, kExitUnavailable);
  EXPECT_THAT(reply.error().message, HasSubstr("too long"));
}

class SenselessReply : public testing::TestWithParam<std::string> {};

TEST_P(SenselessReply, IsUnavailable) {
  auto reply = call_with_reply(GetParam());
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().exit_status, kExitUnavailable);
}

INSTANTIATE_TEST_SUITE_P(All, SenselessReply,
                         testing::Values(std::string(), std::string("{\"parameters\":{}"),
                                         std::string("garbage\0", 8), std::string("\0", 1),
                                         std::string("[]\0", 3),
                                         std::string("{\"parameters\":1}\0", 17),
                                         std::string("{\"error\":1}\0", 12),
                                         std::string("{}\0{}\0", 6)));

TEST(VarlinkClient, AnErrorIsTheHelpersSentence) {
  auto reply = call_with_reply(json({{"error", "org.labgpu.NoSuchUser"},
                                     {"parameters", {{"message", "there is no account bob"}}}}));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().exit_status, kExitFailed);
  EXPECT_EQ(reply.error().message, "there is no account bob");
  EXPECT_FALSE(reply.error().key);
  auto key = call_with_reply(
      json({{"error", "org.labgpu.Invalid"}, {"parameters", {{"message", "is bad"}, {"key", 3}}}}));
  EXPECT_EQ(key.error().key, 3U);
}

TEST(VarlinkClient, ErrorsOfTheProtocolAreExplained) {
  auto unknown = call_with_reply(json({{"error", "org.varlink.service.MethodNotFound"},
                                       {"parameters", {{"method", "org.labgpu.Status"}}}}));
  EXPECT_THAT(unknown.error().message, HasSubstr("MethodNotFound"));
}

TEST(VarlinkClient, AHelperThatHangsIsGivenUp) {
  FakeHelper helper([](int fd) {
    read_message(fd);
    read_message(fd);  // until the client hangs up
  });
  Result<json> reply;
  {
    auto client = VarlinkClient::connect(helper.socket());
    reply = client->call("Status", json::object(), milliseconds(50));
  }
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().exit_status, kExitUnavailable);
  EXPECT_THAT(reply.error().message, HasSubstr("in time"));
}

TEST(VarlinkClient, NobodyListens) {
  TemporaryDirectory directory;
  auto client = VarlinkClient::connect(directory / "none");
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().exit_status, kExitUnavailable);
  EXPECT_THAT(client.error().message, HasSubstr("labgpud.socket"));
  EXPECT_FALSE(VarlinkClient::connect(std::string(200, 'x')));
}

TEST(VarlinkClient, HearsHowFarItIs) {
  FakeHelper helper([](int fd) {
    auto request = json::parse(read_message(fd));
    std::string replies;
    for (int i : {1, 2}) {
      replies += json({{"parameters", {{"i", i}}}, {"continues", true}}).dump() + '\0';
    }
    replies += json({{"parameters", request}}).dump() + '\0';
    write_bytes(fd, replies);
  });
  std::vector<json> told;
  auto reply =
      VarlinkClient::connect(helper.socket())
          ->call("Status", json::object(), kCallTimeout, [&](const json& i) { told.push_back(i); });
  ASSERT_TRUE(reply);
  EXPECT_EQ(told, (std::vector{json({{"i", 1}}), json({{"i", 2}})}));
  EXPECT_EQ(reply->at("more"), true);
}

TEST(VarlinkClient, WhoAsksForOneReplyTakesOne) {
  const json goes_on = {{"parameters", json::object()}, {"continues", true}};
  EXPECT_EQ(call_with_reply(goes_on).error().exit_status, kExitUnavailable);
  EXPECT_EQ(call_with_reply(json({{"continues", 1}})).error().exit_status, kExitUnavailable);
}

TEST(VarlinkClient, TheTimeCountsAnewWhenTheHelperTellsSomething) {
  FakeHelper helper([](int fd) {
    read_message(fd);
    for (int i = 0; i < 4; ++i) {
      write_bytes(fd, json({{"continues", true}}).dump() + '\0');
      usleep(150'000);
    }
    write_bytes(fd, json::object().dump() + '\0');
  });
  auto reply = VarlinkClient::connect(helper.socket())
                   ->call("Status", json::object(), milliseconds(500), [](const json&) {});
  EXPECT_TRUE(reply);
}

TEST(VarlinkClient, ArgumentsNeedNotBeUtf8) {
  FakeHelper helper(std::vector{json({{"parameters", json::object()}})});
  auto reply =
      VarlinkClient::connect(helper.socket())->call("GetUser", {{"name", std::string("\xff")}});
  EXPECT_TRUE(reply);
  EXPECT_EQ(helper.requests().at(0).at("parameters").at("name"), "\ufffd");
}

}  // namespace
}  // namespace labgpu
