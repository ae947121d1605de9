// Rebuild, Snapshot, ListSnapshots, RemoveSnapshot, Restore and Adopt: who may, what is asked of
// the containers, what is told meanwhile and in the end.
#include <gmock/gmock.h>

#include <optional>

#include "tests/unit/helper_servers/admin_fixture.h"

namespace labgpu::test {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::keep_result;
using testing_support::run_task;
using testing_support::run_until;

class AdminSnapshotsTest : public AdminMethodsTest {
 protected:
  AdminSnapshotsTest() {
    logins_.open.clear();
    call("AddUser", {{"name", "alice"}});
    call("AddUser", {{"name", "bob"}});
    containers_.asked.clear();
  }
  VarlinkCall call_of(const std::string& method, const json& parameters, const Peer& peer) {
    VarlinkCall call{"org.labgpu", method, parameters, false, false, peer};
    call.tell = [this](const json& told) { told_.push_back(told); };
    return call;
  }
  VarlinkReply call(const std::string& method, const json& parameters, const Peer& peer = kRoot) {
    return run_task(loop_, admin_.call(call_of(method, parameters, peer)));
  }
  std::string refusal(const std::string& method, const json& parameters, const Peer& peer = kRoot) {
    auto reply = call(method, parameters, peer);
    return reply ? "accepted" : reply.error().parameters.value("message", reply.error().name);
  }

  std::vector<json> told_;
};

TEST_F(AdminSnapshotsTest, AnOwnerDoesAllOfItForTheirOwnAccount) {
  EXPECT_TRUE(call("Rebuild", {{"keep", true}}, kAlice));
  EXPECT_TRUE(call("Snapshot", {{"snapshot", "a"}}, kAlice));
  EXPECT_TRUE(call("RemoveSnapshot", {{"snapshot", "a"}}, kAlice));
  EXPECT_TRUE(call("Restore", {{"snapshot", "a"}}, kAlice));
  EXPECT_THAT(containers_.asked, ElementsAre("rebuild alice keep", "snapshot alice a",
                                             "remove snapshot alice a", "restore alice a"));
  for (const char* method : {"Rebuild", "Snapshot", "ListSnapshots", "RemoveSnapshot", "Restore"}) {
    EXPECT_THAT(refusal(method, {{"name", "bob"}}, kAlice), HasSubstr("your own account, alice"));
  }
}

TEST_F(AdminSnapshotsTest, RebuildHasToSayWhatIsKept) {
  EXPECT_THAT(refusal("Rebuild", {{"name", "alice"}}), HasSubstr("InvalidParameter"));
  EXPECT_TRUE(containers_.asked.empty());
  auto reply = call("Rebuild", {{"name", "alice"}, {"keep", false}});
  ASSERT_TRUE(reply);
  EXPECT_EQ((*reply)["container"]["name"], "alice_container");
  EXPECT_THAT(containers_.asked, ElementsAre("rebuild alice fresh"));
}

TEST_F(AdminSnapshotsTest, WhatTakesLongIsTold) {
  containers_.work.emplace();
  std::optional<VarlinkReply> reply;
  auto calling = admin_.call(call_of("Rebuild", {{"name", "alice"}, {"keep", true}}, kRoot));
  Task<void> caller = keep_result(std::move(calling), reply);
  caller.start();
  run_until(loop_, [&] { return !told_.empty(); });
  EXPECT_EQ(told_[0]["work"]["step"], "stopping the container");
  EXPECT_GE(told_[0]["work"]["elapsedMSec"], 900);
  containers_.work->set(true);
  run_until(loop_, [&] { return reply.has_value(); });
  EXPECT_TRUE(*reply);
}

TEST_F(AdminSnapshotsTest, TheListIsOfOneOrAll) {
  call("Snapshot", {{"name", "bob"}, {"snapshot", "b"}, {"note", "n"}});
  call("Snapshot", {{"name", "alice"}, {"snapshot", "a"}});
  auto all = call("ListSnapshots", json::object());
  ASSERT_TRUE(all);
  ASSERT_EQ((*all)["snapshots"].size(), 2U);
  EXPECT_EQ((*all)["snapshots"][0]["name"], "a");
  EXPECT_EQ((*all)["snapshots"][1]["note"], "n");
  auto own = call("ListSnapshots", json::object(), kAlice);
  ASSERT_TRUE(own);
  EXPECT_EQ((*own)["snapshots"].size(), 1U);
  EXPECT_THAT(refusal("ListSnapshots", {{"name", "carol"}}), HasSubstr("carol"));
}

TEST_F(AdminSnapshotsTest, RestoreTellsWhatWasSaved) {
  auto reply = call("Restore", {{"name", "alice"}, {"snapshot", "a"}});
  ASSERT_TRUE(reply);
  EXPECT_EQ((*reply)["saved"], "before");
  reply = call("Restore", {{"name", "alice"}, {"snapshot", "a"}, {"discard", true}});
  ASSERT_TRUE(reply);
  EXPECT_FALSE(reply->contains("saved"));
  containers_.outcome = fail(ErrorCode::kNotFound, "alice has no snapshot \"x\"");
  EXPECT_THAT(refusal("Restore", {{"name", "alice"}, {"snapshot", "x"}}), HasSubstr("no snapshot"));
}

Adoption adoption() {
  Adoption plan;
  plan.container = "torch";
  plan.hostname = "box";
  plan.environment = {{"A", "1"}};
  plan.refused = {{{"/etc", "/e", false}, "is the server's own"}};
  return plan;
}

TEST_F(AdminSnapshotsTest, AdoptedSettingsAreTheAccounts) {
  containers_.adoption = adoption();
  json asked = {{"name", "alice"}, {"container", "torch"}};
  EXPECT_THAT(refusal("Adopt", asked),
              AllOf(HasSubstr("/e is the server's own"), HasSubstr("--skip-mounts")));
  asked["dryRun"] = true;
  auto plan = call("Adopt", asked);
  ASSERT_TRUE(plan);
  EXPECT_EQ((*plan)["adoption"]["refused"][0]["target"], "/e");
  EXPECT_FALSE(accounts_.store->find("alice")->settings.hostname);
  asked["dryRun"] = false;
  asked["skipMounts"] = true;
  auto reply = call("Adopt", asked);
  ASSERT_TRUE(reply) << reply.error().parameters;
  EXPECT_EQ((*reply)["container"]["name"], "alice_container");
  EXPECT_EQ(containers_.adopted_with.hostname, "box");
  EXPECT_EQ(accounts_.store->find("alice")->settings.environment, (Environment{{"A", "1"}}));
  EXPECT_THAT(refusal("Adopt", asked, kAlice), HasSubstr("only root"));
}

TEST_F(AdminSnapshotsTest, AFailedAdoptionChangesNoSettings) {
  containers_.adoption = adoption();
  containers_.outcome = fail(ErrorCode::kUnavailable, "no");
  auto before = *accounts_.store->find("alice");
  json asked = {{"name", "alice"}, {"container", "torch"}, {"skipMounts", true}};
  EXPECT_EQ(refusal("Adopt", asked), "no");
  EXPECT_EQ(accounts_.store->find("alice")->settings, before.settings);
}

}  // namespace
}  // namespace labgpu::test
