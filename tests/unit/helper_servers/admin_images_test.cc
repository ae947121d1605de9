// ListImages, PullImage and Build: who uses what, and what a build does to an account.
#include <gmock/gmock.h>

#include <optional>

#include "tests/unit/helper_servers/admin_fixture.h"

namespace labgpu::test {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::keep_result;
using testing_support::run_task;
using testing_support::run_until;

class AdminImagesTest : public AdminMethodsTest {
 protected:
  AdminImagesTest() {
    logins_.open.clear();
    config_.defaults.image = "debian";
    config_.profiles["phd"].image = "lab/cuda:12";
    for (const char* name : {"alice", "bob"}) EXPECT_TRUE(call("AddUser", {{"name", name}}));
    EXPECT_TRUE(call("SetUser", {{"name", "bob"}, {"assignments", {"profile=phd"}}}));
  }
  VarlinkCall call_of(const std::string& method, const json& parameters) {
    VarlinkCall call{"org.labgpu", method, parameters, false, false, {0, 1, {}}};
    call.tell = [this](const json& told) { told_.push_back(told); };
    call.is_behind = [this] { return is_behind_; };
    return call;
  }
  VarlinkReply call(const std::string& method, const json& parameters) {
    return run_task(loop_, admin_.call(call_of(method, parameters)));
  }
  std::string refusal(const std::string& method, const json& parameters) {
    auto reply = call(method, parameters);
    return reply ? "accepted" : reply.error().parameters.value("message", reply.error().name);
  }
  std::string image_of(const std::string& name) {
    return accounts_.store->find(name)->settings.image.value_or("none");
  }
  static ImageDetails image(const std::string& id, std::vector<std::string> names) {
    ImageDetails details;
    details.id = id;
    details.names = std::move(names);
    details.bytes = 7;
    details.created = 1000;
    return details;
  }

  std::vector<json> told_;
  bool is_behind_ = false;
};

TEST_F(AdminImagesTest, ListTellsWhoUsesAnImage) {
  images_.there = {image("sha256:1", {"debian:latest", "other:1"}),
                   image("sha256:2", {"labgpu/build/eve:1"})};
  auto reply = call("ListImages", json::object());
  ASSERT_TRUE(reply);
  json expected = {
      {"images",
       {{{"name", "debian:latest"},
         {"isDefault", true},
         {"profiles", json::array()},
         {"users", {"alice"}},
         {"id", "sha256:1"},
         {"bytes", 7},
         {"createdUSec", 1000000000}},
        {{"name", "lab/cuda:12"}, {"isDefault", false}, {"profiles", {"phd"}}, {"users", {"bob"}}},
        {{"name", "labgpu/build/eve:1"},
         {"isDefault", false},
         {"profiles", json::array()},
         {"users", json::array()},
         {"id", "sha256:2"},
         {"bytes", 7},
         {"createdUSec", 1000000000}}}}};
  EXPECT_EQ(*reply, expected);
}

TEST_F(AdminImagesTest, ListTellsOfOneImageUnderAnyOfItsNames) {
  images_.there = {image("sha256:1", {"other:1"})};
  auto one = call("ListImages", {{"image", "docker.io/library/other:1"}});
  ASSERT_TRUE(one);
  ASSERT_EQ(one->at("images").size(), 1U);
  EXPECT_EQ(one->at("images")[0]["name"], "other:1");
  EXPECT_EQ(one->at("images")[0]["id"], "sha256:1");
  auto none = call("ListImages", {{"image", "absent"}});
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->at("images")[0].contains("id"));
}

TEST_F(AdminImagesTest, PullIsAskedOrRefused) {
  EXPECT_TRUE(call("PullImage", {{"image", "debian:12"}}));
  EXPECT_THAT(images_.asked, ElementsAre("pull debian:12"));
  EXPECT_THAT(refusal("PullImage", {{"image", "no name"}}), HasSubstr("not the name of an image"));
  images_.outcome = fail(ErrorCode::kUnavailable, "no network");
  EXPECT_EQ(refusal("PullImage", {{"image", "debian:12"}}), "no network");
}

TEST_F(AdminImagesTest, ABuildBecomesTheAccountsImage) {
  images_.output = {"Step 1\n", "Step 2\n"};
  containers_.needs_rebuild = {"image"};
  auto reply = call("Build", {{"name", "alice"}});
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->at("image"), "labgpu/build/alice:1");
  EXPECT_EQ(reply->at("bytes"), 5 << 20);
  EXPECT_EQ(reply->at("container")["needsRebuild"], json::array({"image"}));
  EXPECT_EQ(image_of("alice"), "labgpu/build/alice:1");
  EXPECT_THAT(told_, ElementsAre(json{{"output", "Step 1\nStep 2\n"}}));
  EXPECT_THAT(images_.asked, ElementsAre("build alice", "remove builds of alice but 2"));
  EXPECT_THAT(images_.used, ElementsAre("debian:latest", "lab/cuda:12", "labgpu/build/alice:1"));
}

TEST_F(AdminImagesTest, ABuildThatFailsChangesNothing) {
  auto before = accounts_.store->find("alice");
  images_.outcome = fail(ErrorCode::kInvalid, "the build failed: step 2");
  images_.output = {"the reason"};
  EXPECT_EQ(refusal("Build", {{"name", "alice"}}), "the build failed: step 2");
  EXPECT_EQ(accounts_.store->find("alice"), before);
  EXPECT_THAT(told_, ElementsAre(json{{"output", "the reason"}}));
  EXPECT_THAT(images_.asked, ElementsAre("build alice"));
}

TEST_F(AdminImagesTest, WhatChangedMeanwhileStays) {
  images_.building.emplace();
  std::optional<VarlinkReply> reply;
  auto building = keep_result(admin_.call(call_of("Build", {{"name", "alice"}})), reply);
  building.start();
  EXPECT_TRUE(call("SetUser", {{"name", "alice"}, {"assignments", {"pids=1000"}}}));
  images_.building->set(true);
  run_until(loop_, [&] { return reply.has_value(); });
  EXPECT_TRUE(*reply);
  EXPECT_EQ(image_of("alice"), "labgpu/build/alice:1");
  EXPECT_EQ(accounts_.store->find("alice")->settings.max_processes, 1000U);
}

TEST_F(AdminImagesTest, AnAccountThatIsGoneGetsNoImage) {
  images_.building.emplace();
  std::optional<VarlinkReply> reply;
  auto building = keep_result(admin_.call(call_of("Build", {{"name", "alice"}})), reply);
  building.start();
  EXPECT_TRUE(call("RemoveUser", {{"name", "alice"}}));
  images_.building->set(true);
  run_until(loop_, [&] { return reply.has_value(); });
  ASSERT_FALSE(*reply);
  EXPECT_THAT(reply->error().parameters["message"], HasSubstr("alice was removed meanwhile"));
}

TEST_F(AdminImagesTest, ABuildWhoseCallerIsGoneIsEnded) {
  images_.building.emplace();
  bool ends_with_caller = false;
  std::optional<VarlinkReply> reply;
  {
    auto call = call_of("Build", {{"name", "alice"}});
    call.end_with_caller = [&] { ends_with_caller = true; };
    auto building = keep_result(admin_.call(std::move(call)), reply);
    building.start();
    EXPECT_FALSE(images_.build_is_ended);
  }
  EXPECT_TRUE(ends_with_caller);
  EXPECT_TRUE(images_.build_is_ended);
  EXPECT_EQ(image_of("alice"), "none");
}

TEST_F(AdminImagesTest, WhoReadsSlowlyGetsTheEnd) {
  images_.building.emplace();
  is_behind_ = true;
  std::optional<VarlinkReply> reply;
  for (int i = 0; i < 60000; ++i) images_.output.push_back("line " + std::to_string(i) + "\n");
  auto building = keep_result(admin_.call(call_of("Build", {{"name", "alice"}})), reply);
  building.start();
  images_.building->set(true);
  auto later = loop_.after(std::chrono::milliseconds(500), [this] { is_behind_ = false; });
  run_until(loop_, [&] { return reply.has_value(); });
  ASSERT_EQ(told_.size(), 1U);
  auto output = told_[0]["output"].get<std::string>();
  EXPECT_THAT(output, testing::StartsWith("[some lines are left out]\nline "));
  EXPECT_THAT(output, testing::EndsWith("line 59999\n"));
  EXPECT_LT(output.size(), 550000U);
}

TEST_F(AdminImagesTest, APurgeTakesTheBuildsAlong) {
  EXPECT_TRUE(call("PurgeUser", {{"name", "alice"}}));
  EXPECT_THAT(images_.asked, ElementsAre("remove builds of alice but 0"));
}

}  // namespace
}  // namespace labgpu::test
