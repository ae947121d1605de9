// Many accounts at once: imported and exported.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "helper/password.h"
#include "tests/unit/helper_servers/admin_fixture.h"

namespace labgpu::test {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

json new_users() {
  return {{{"name", "alice"},
           {"realName", "Alice"},
           {"uid", 20100U},
           {"locked", true},
           {"notAfter", "2035-12-31"},
           {"authorizedKeys", {kKey}},
           {"settings", {{"gpus", "none"}}},
           {"assignments", {"login=root"}}},
          {{"name", "bob"}, {"password", "secret"}}};
}

TEST_F(AdminMethodsTest, ManyAreMadeAtOnce) {
  auto reply = call("ImportUsers", {{"users", new_users()}});
  EXPECT_EQ(reply["imported"], true);
  EXPECT_EQ(reply["users"],
            json({{{"name", "alice"}, {"uid", 20100U}}, {{"name", "bob"}, {"uid", 20001U}}}));
  auto alice = call("GetUser", {{"name", "alice"}})["user"];
  EXPECT_EQ(alice["realName"], "Alice");
  EXPECT_EQ(alice["gid"], 20100);
  EXPECT_EQ(alice["locked"], true);
  EXPECT_EQ(alice["keys"].size(), 1U);
  EXPECT_EQ(alice["settings"]["gpus"], "none");
  EXPECT_EQ(alice["settings"]["login"], "root");
  EXPECT_TRUE(call("GetUser", {{"name", "bob"}})["user"]["hasPassword"]);
  EXPECT_EQ(access((accounts_.directory / "home/bob").c_str(), F_OK), 0);
}

TEST_F(AdminMethodsTest, UsersOfAFileGetPasswordsThatAreToldOnce) {
  const json users = {{{"name", "alice"}},
                      {{"name", "bob"}, {"password", "secret"}},
                      {{"name", "carol"}, {"passwordChangeNow", false}},
                      {{"name", "dave"}, {"hashedPassword", "$y$x"}}};
  auto dry = call("ImportUsers", {{"users", users}, {"generatePasswords", true}, {"dryRun", true}});
  EXPECT_THAT(dry.dump(), testing::Not(HasSubstr("generatedPassword")));
  auto reply = call("ImportUsers", {{"users", users}, {"generatePasswords", true}});
  ASSERT_EQ(reply["imported"], true);
  std::set<std::string> different;
  for (size_t i : {0U, 2U}) {
    auto name = users[i]["name"].get<std::string>();
    auto password = reply["users"][i].at("generatedPassword").get<std::string>();
    different.insert(password);
    EXPECT_TRUE(verify_password(password, accounts_.store->find(name)->hashed_password));
    EXPECT_EQ(accounts_.store->find(name)->password_change_now, name == "alice");
  }
  EXPECT_EQ(different.size(), 2U);
  for (size_t i : {1U, 3U}) EXPECT_FALSE(reply["users"][i].contains("generatedPassword"));
  EXPECT_TRUE(verify_password("secret", accounts_.store->find("bob")->hashed_password));
  EXPECT_FALSE(accounts_.store->find("bob")->password_change_now);
}

TEST_F(AdminMethodsTest, WithoutBeingAskedNobodyGetsAPassword) {
  auto reply = call("ImportUsers", {{"users", {{{"name", "alice"}}}}});
  EXPECT_FALSE(reply["users"][0].contains("generatedPassword"));
  EXPECT_EQ(accounts_.store->find("alice")->hashed_password, "");
}

TEST_F(AdminMethodsTest, ADryRunMakesNothing) {
  auto reply = call("ImportUsers", {{"users", new_users()}, {"dryRun", true}});
  EXPECT_EQ(reply["imported"], false);
  EXPECT_EQ(reply["users"], json({{{"name", "alice"}, {"uid", 20100U}}, {{"name", "bob"}}}));
  EXPECT_TRUE(call("ListUsers", json::object())["users"].empty());
  EXPECT_NE(access((accounts_.directory / "home/bob").c_str(), F_OK), 0);
}

TEST_F(AdminMethodsTest, EveryProblemIsToldAndNothingIsDone) {
  call("AddUser", {{"name", "carol"}});
  const std::vector<std::pair<json, std::string>> bad = {
      {{{"name", "carol"}}, "has a user carol already"},
      {{{"name", "../x"}}, "cannot be a user's name"},
      {{{"name", "dave"}, {"uid", 20001U}}, "is or was carol's"},
      {{{"name", "erin"}, {"uid", 0U}, {"colour", "red"}}, "colour"},
      {{{"name", "frank"}, {"authorizedKeys", {"ssh-rsa x"}}}, "key"},
      {{{"name", "grace"}, {"assignments", {"shm_size=12x"}}}, "12x"},
      {{{"name", "heidi"}, {"uid", "many"}}, "uid"},
      {{{"name", "ivan"}, {"notBefore", "2031-01-01"}, {"notAfter", "2030-01-01"}}, "later than"},
      {{{"name", "judy"}, {"uid", 20200U}}, "more than once"},
      {{{"name", "mallory"}, {"uid", 20200U}}, "more than once"},
      {{{"name", "nina"}, {"password", "x"}, {"hashedPassword", "$y$x"}}, "both given"},
      {{{"name", "oscar"}, {"passwordChangeNow", true}}, "without a password"}};
  json users = json::array({{{"name", "zoe"}}});
  for (const auto& [user, why] : bad) users.push_back(user);
  auto reply = call("ImportUsers", {{"users", users}});
  EXPECT_EQ(reply["imported"], false);
  EXPECT_FALSE(reply["users"][0].contains("problem"));
  for (size_t i = 0; i < bad.size(); ++i) {
    EXPECT_THAT(reply["users"][i + 1].value("problem", ""), HasSubstr(bad[i].second));
  }
  EXPECT_EQ(call("ListUsers", json::object())["users"].size(), 1U);
}

TEST_F(AdminMethodsTest, AFailureTakesTheHomesBack) {
  const std::string taken = accounts_.directory / "home/bob";
  ASSERT_EQ(mkdir(taken.c_str(), 0755), 0);
  ASSERT_EQ(chown(taken.c_str(), 4711, 4711), 0);
  EXPECT_THAT(refusal("ImportUsers", {{"users", new_users()}}), HasSubstr("belongs to uid 4711"));
  EXPECT_NE(access((accounts_.directory / "home/alice").c_str(), F_OK), 0);
  EXPECT_TRUE(call("ListUsers", json::object())["users"].empty());
  EXPECT_THAT(refusal("ImportUsers", {{"users", json::array()}}), "InvalidParameter: users");
}

TEST_F(AdminMethodsTest, AnImportTellsHowFarItIs) {
  json users = json::array();
  for (int i = 0; i < 20; ++i) users.push_back({{"name", "u" + std::to_string(i)}});
  users[7]["password"] = "secret";
  VarlinkCall importing{"org.labgpu", "ImportUsers", {{"users", users}}, false, false, {0, 1}};
  std::vector<std::string> told;
  importing.tell = [&told](const json& reply) {
    const auto& progress = reply["progress"];
    told.push_back(progress["step"].get<std::string>() + " " + progress["done"].dump() + "/" +
                   progress["total"].dump());
  };
  auto reply = testing_support::run_task(loop_, admin_.call(importing));
  ASSERT_TRUE(reply);
  EXPECT_EQ((*reply)["imported"], true);
  EXPECT_THAT(told, ElementsAre("checking 16/20", "checking 20/20", "hashing 1/1", "making 16/20",
                                "making 20/20"));
}

TEST_F(AdminMethodsTest, AnExportIsAnImportElsewhere) {
  call("ImportUsers", {{"users", new_users()}});
  call("SetPassword", {{"name", "bob"}, {"changeNow", true}});
  auto plain = call("ExportUsers", json::object())["users"];
  ASSERT_EQ(plain.size(), 2U);
  EXPECT_EQ(plain[0]["uid"], 20100);
  EXPECT_EQ(plain[0]["authorizedKeys"], json({kKey}));
  EXPECT_FALSE(plain[1].contains("hashedPassword") || plain[1].contains("passwordChangeNow"));
  auto secret = call("ExportUsers", {{"names", {"bob"}}, {"secrets", true}})["users"];
  ASSERT_EQ(secret.size(), 1U);
  EXPECT_EQ(secret[0]["hashedPassword"].get<std::string>().substr(0, 3), "$y$");
  EXPECT_EQ(secret[0]["passwordChangeNow"], true);
  EXPECT_THAT(refusal("ExportUsers", {{"names", {"nobody1"}}}), HasSubstr("NoSuchUser"));

  Accounts elsewhere(loop_);
  auto maintenance = Maintenance::open(*elsewhere.records).value();
  Config config = config_;
  config.home = elsewhere.directory / "home/{user}";
  ASSERT_EQ(mkdir((elsewhere.directory / "home").c_str(), 0755), 0);
  AdminMethods admin(loop_, *elsewhere.store, containers_, maintenance, config, kAdminGroup,
                     logins_, passwords_, images_);
  auto all = call("ExportUsers", {{"secrets", true}})["users"];
  VarlinkCall import{"org.labgpu", "ImportUsers", {{"users", all}}, false, false, kRoot};
  auto imported = testing_support::run_task(loop_, admin.call(import));
  ASSERT_TRUE(imported);
  EXPECT_EQ((*imported)["imported"], true);
  VarlinkCall again{"org.labgpu", "ExportUsers", {{"secrets", true}}, false, false, kRoot};
  EXPECT_EQ((*testing_support::run_task(loop_, admin.call(again)))["users"], all);
}

TEST_F(AdminMethodsTest, AnExportBringsRemovedAccountsBack) {
  call("ImportUsers", {{"users", new_users()}});
  auto all = call("ExportUsers", {{"secrets", true}})["users"];
  for (const auto* name : {"alice", "bob"}) call("RemoveUser", {{"name", name}});
  EXPECT_EQ(call("ImportUsers", {{"users", all}})["imported"], true);
  EXPECT_EQ(call("ExportUsers", {{"secrets", true}})["users"], all);
}

}  // namespace
}  // namespace labgpu::test
