// PurgeUser: what it says, what it deletes, what it leaves, and what a failure or an end in the
// middle leaves behind.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <iterator>
#include <memory>
#include <optional>

#include "helper/admin_methods.h"
#include "tests/unit/helper_docker/run_task.h"
#include "tests/unit/helper_servers/accounts.h"
#include "tests/unit/helper_servers/fake_containers.h"
#include "tests/unit/helper_servers/fake_images.h"
#include "tests/unit/helper_servers/fake_logins.h"

namespace labgpu::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::run_task;
using testing_support::run_until;

class AdminPurgeTest : public testing::Test {
 protected:
  AdminPurgeTest() {
    for (const auto& directory : {homes_, data_, accounts_.directory / "containers"}) {
      EXPECT_EQ(mkdir(directory.c_str(), 0755), 0);
    }
    config_.home = homes_ + "/{user}";
    config_.defaults.mounts = {{{data_ + "/{user}", "/data", false}, {"/usr/share", "/s", true}}};
    containers_.directories = accounts_.directory / "containers";
    start();
    EXPECT_TRUE(call("AddUser", {{"name", "alice"}}));
    fill(homes_ + "/alice");
    fill(data_ + "/alice");
    fill(containers_.directories + "/alice");
  }
  void start() {
    admin_ = std::make_unique<AdminMethods>(loop_, *accounts_.store, containers_, maintenance_,
                                            config_, std::nullopt, logins_, passwords_, images_);
  }
  static void fill(const std::string& directory) {
    fs::create_directories(directory + "/a/b");
    write_file(directory + "/a/file", "x");
  }
  VarlinkCall call_of(const std::string& method, const json& parameters) {
    VarlinkCall call{"org.labgpu", method, parameters, false, false, {0, 1, {}}};
    call.tell = [this](const json& told) { told_.push_back(told); };
    return call;
  }
  VarlinkReply call(const std::string& method, const json& parameters) {
    return run_task(loop_, admin_->call(call_of(method, parameters)));
  }
  json purge(json parameters = json::object()) {
    parameters["name"] = "alice";
    auto reply = call("PurgeUser", parameters);
    EXPECT_TRUE(reply) << reply.error().parameters;
    return reply ? (*reply)["purge"] : json();
  }
  std::string refusal(json parameters = json::object()) {
    parameters["name"] = "alice";
    auto reply = call("PurgeUser", parameters);
    return reply ? "accepted" : reply.error().parameters.value("message", reply.error().name);
  }
  AccountPointer alice() { return accounts_.store->find("alice"); }

  EventLoop loop_;
  Accounts accounts_{loop_};
  std::string homes_ = accounts_.directory / "homes";
  std::string data_ = accounts_.directory / "data";
  FakeContainers containers_;
  Config config_;
  FakeLogins logins_;
  Worker worker_{loop_};
  PasswordChanges passwords_{*accounts_.store, worker_};
  FakeImages images_;
  Maintenance maintenance_ = Maintenance::open(*accounts_.records).value();
  std::unique_ptr<AdminMethods> admin_;
  std::vector<json> told_;
};

TEST_F(AdminPurgeTest, ADryRunSaysWhatGoesAndWhatStays) {
  auto plan = purge({{"dryRun", true}});
  EXPECT_EQ(plan["uid"], 20001);
  EXPECT_EQ(plan["containerName"], "alice_container");
  EXPECT_EQ(plan["containerState"], "stopped");
  EXPECT_EQ(plan["kept"], json({"/usr/share"}));
  ASSERT_EQ(plan["directories"].size(), 3U);
  const std::string paths[] = {homes_ + "/alice", data_ + "/alice",
                               containers_.directories + "/alice"};
  for (size_t i = 0; i < 3; ++i) {
    const auto& directory = plan["directories"][i];
    EXPECT_EQ(directory["path"], paths[i]);
    EXPECT_EQ(directory["entries"], 4);
    EXPECT_GT(directory["bytes"], 0);
    EXPECT_EQ(directory["counted"], true);
    EXPECT_TRUE(fs::exists(paths[i] + "/a/file"));
  }
  ASSERT_NE(alice(), nullptr);
  EXPECT_FALSE(alice()->locked);
  EXPECT_TRUE(containers_.asked.empty());
}

TEST_F(AdminPurgeTest, EverythingOfTheAccountGoesAndItsIdIsNobodyElses) {
  call("AddUser", {{"name", "bob"}});
  fill(homes_ + "/bob");
  purge();
  EXPECT_THAT(containers_.asked, ElementsAre("remove alice"));
  EXPECT_EQ(alice(), nullptr);
  EXPECT_FALSE(fs::exists(homes_ + "/alice"));
  EXPECT_FALSE(fs::exists(data_ + "/alice"));
  EXPECT_TRUE(fs::exists(homes_ + "/bob/a/file"));
  EXPECT_TRUE(fs::exists("/usr/share"));
  call("AddUser", {{"name", "alice"}});
  EXPECT_EQ(alice()->uid, 20003U);
  EXPECT_EQ(accounts_.store->check_given_id(20001, "carol").error().code, ErrorCode::kExists);
}

TEST_F(AdminPurgeTest, WhatOthersUseStays) {
  call("AddUser", {{"name", "bob"}});
  accounts_.change("bob", [this](Account& bob) {
    bob.settings.mounts = {{{data_ + "/alice/a", "/hers", true}}};
  });
  auto done = purge();
  EXPECT_EQ(done["kept"], json({data_ + "/alice", "/usr/share"}));
  EXPECT_TRUE(fs::exists(data_ + "/alice/a/file"));
  EXPECT_FALSE(fs::exists(homes_ + "/alice"));
}

TEST_F(AdminPurgeTest, AnAccountOfTheHostIsNotPurged) {
  accounts_.add_of_host("gwen", 70001);
  auto refused = call("PurgeUser", {{"name", "gwen"}});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().parameters["message"],
              HasSubstr("gwen is an account of this server, whose home is not"));
  EXPECT_TRUE(containers_.asked.empty());
  EXPECT_NE(accounts_.store->find("gwen"), nullptr);
}

TEST_F(AdminPurgeTest, AHomeThatOthersUseIsNotPurged) {
  call("AddUser", {{"name", "bob"}});
  accounts_.change("bob", [this](Account& bob) {
    bob.settings.mounts = {{{homes_ + "/alice/a", "/hers", true}}};
  });
  EXPECT_THAT(refusal(), AllOf(HasSubstr(homes_ + "/alice/a, which is bob's home or mount"),
                               HasSubstr("remove the account without purging")));
  EXPECT_TRUE(fs::exists(homes_ + "/alice/a/file"));
  EXPECT_FALSE(alice()->locked);
}

TEST_F(AdminPurgeTest, AHomeOfSomebodyElsesIsNotPurged) {
  accounts_.change("alice", [this](Account& account) { account.home = data_; });
  EXPECT_THAT(refusal(), HasSubstr("belongs to uid 0: remove the account without purging"));
  EXPECT_TRUE(fs::exists(data_ + "/alice/a/file"));
  EXPECT_NE(alice(), nullptr);
}

TEST_F(AdminPurgeTest, OpenSessionsHaveToBeEndedByForce) {
  logins_.add("alice", 2);
  EXPECT_EQ(refusal(), "alice has 2 sessions open: wait for the end, or end them with --force");
  EXPECT_EQ(refusal({{"dryRun", true}}), refusal());
  EXPECT_FALSE(alice()->locked);
  EXPECT_EQ(purge({{"force", true}})["sessions"], 2);
  EXPECT_EQ(alice(), nullptr);
}

TEST_F(AdminPurgeTest, WhenDockerCannotNothingIsChanged) {
  containers_.outcome = fail(ErrorCode::kUnavailable, "Docker is down");
  EXPECT_EQ(refusal(), "alice is not purged, and as it was: Docker is down");
  EXPECT_FALSE(alice()->locked);
  EXPECT_TRUE(fs::exists(homes_ + "/alice/a/file"));
}

TEST_F(AdminPurgeTest, AfterAFailureItIsDoneAgain) {
  ASSERT_EQ(chmod(homes_.c_str(), 0777), 0);
  EXPECT_THAT(refusal(), AllOf(HasSubstr("alice is locked and not purged whole; when this is "
                                         "mended, purge it again: "),
                               HasSubstr("must belong to root")));
  ASSERT_NE(alice(), nullptr);
  EXPECT_TRUE(alice()->locked);
  ASSERT_EQ(chmod(homes_.c_str(), 0755), 0);
  purge();
  EXPECT_EQ(alice(), nullptr);
  EXPECT_FALSE(fs::exists(homes_ + "/alice"));
}

TEST_F(AdminPurgeTest, AnEndInTheMiddleLeavesALockedAccountThatIsPurgedAgain) {
  const auto full = homes_ + "/alice/a";
  for (int i = 0; i < 20000; ++i) write_file(full + "/" + std::to_string(i), "");
  auto is_full = [&] {
    std::error_code gone;
    return std::distance(fs::directory_iterator(full, gone), fs::directory_iterator()) > 20000;
  };
  {
    std::optional<VarlinkReply> reply;
    auto task = admin_->call(call_of("PurgeUser", {{"name", "alice"}}));
    auto keeper = testing_support::keep_result(std::move(task), reply);
    keeper.start();
    while (is_full()) loop_.run_once(std::chrono::milliseconds(0));
    EXPECT_FALSE(reply);
  }
  admin_.reset();
  ASSERT_NE(alice(), nullptr);
  EXPECT_TRUE(alice()->locked);
  EXPECT_TRUE(fs::exists(data_ + "/alice/a/file"));
  start();
  purge();
  EXPECT_EQ(alice(), nullptr);
  EXPECT_FALSE(fs::exists(homes_ + "/alice"));
  EXPECT_FALSE(fs::exists(data_ + "/alice"));
}

TEST_F(AdminPurgeTest, ItTellsHowFarItIsAndNothingElseBeginsMeanwhile) {
  containers_.removal.emplace();
  std::optional<VarlinkReply> reply;
  auto task = admin_->call(call_of("PurgeUser", {{"name", "alice"}}));
  auto keeper = testing_support::keep_result(std::move(task), reply);
  keeper.start();
  run_until(loop_, [this] { return !told_.empty(); });
  EXPECT_EQ(told_.front(), json({{"removed", 0}}));
  const std::pair<std::string, json> others[] = {
      {"PurgeUser", json::object()},  {"PurgeUser", {{"dryRun", true}}},
      {"RemoveUser", json::object()}, {"Start", json::object()},
      {"Restart", json::object()},    {"SetUser", {{"assignments", {"locked=no"}}}},
  };
  for (const auto& [method, more] : others) {
    json parameters = {{"name", "alice"}};
    parameters.update(more);
    auto refused = call(method, parameters);
    ASSERT_FALSE(refused) << method;
    EXPECT_EQ(refused.error().parameters["message"], "alice is being purged") << method;
  }
  containers_.removal->set(true);
  run_until(loop_, [&] { return keeper.done(); });
  EXPECT_TRUE(*reply);
  EXPECT_EQ(alice(), nullptr);
}

}  // namespace
}  // namespace labgpu::test
