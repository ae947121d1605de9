// Passwords that administrators set.
#include <gmock/gmock.h>

#include <atomic>
#include <optional>
#include <thread>

#include "helper/password.h"
#include "tests/unit/helper_servers/admin_fixture.h"

namespace labgpu::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

TEST_F(AdminMethodsTest, PasswordsAreSetAndTakenAway) {
  call("AddUser", {{"name", "alice"}});
  json change = {{"name", "alice"}, {"assignments", json::array()}, {"password", "secret"}};
  EXPECT_EQ(call("SetUser", change)["user"]["hasPassword"], true);
  change["password"] = "a\nb";
  EXPECT_THAT(refusal("SetUser", change), HasSubstr("line break"));
  change["password"] = "";
  EXPECT_EQ(call("SetUser", change)["user"]["hasPassword"], false);
}

TEST_F(AdminMethodsTest, APasswordIsMadeLockedAndMarked) {
  call("AddUser", {{"name", "alice"}});
  auto hash = [this] { return accounts_.store->find("alice")->hashed_password; };
  auto reply = call("SetPassword", {{"name", "alice"}, {"generate", true}});
  EXPECT_TRUE(verify_password(reply["generatedPassword"], hash()));
  EXPECT_EQ(reply["user"]["passwordChangeNow"], true);
  EXPECT_EQ(reply["user"]["passwordLocked"], false);

  reply = call("SetPassword", {{"name", "alice"}, {"password", "geheim"}});
  EXPECT_FALSE(reply.contains("generatedPassword"));
  EXPECT_TRUE(verify_password("geheim", hash()));
  EXPECT_EQ(reply["user"]["passwordChangeNow"], false);
  EXPECT_EQ(
      call("SetPassword", {{"name", "alice"}, {"changeNow", true}})["user"]["passwordChangeNow"],
      true);
  EXPECT_EQ(call("SetPassword", {{"name", "alice"}, {"locked", true}})["user"]["passwordLocked"],
            true);
  EXPECT_FALSE(verify_password("geheim", hash()));
  EXPECT_EQ(
      call("SetPassword", {{"name", "alice"}, {"locked", false}})["user"]["passwordChangeNow"],
      true);
  EXPECT_TRUE(verify_password("geheim", hash()));
  EXPECT_EQ(call("SetPassword", {{"name", "alice"}, {"password", ""}})["user"]["hasPassword"],
            false);

  reply = call("SetPassword", {{"name", "alice"}, {"generate", true}, {"changeNow", false}});
  EXPECT_EQ(reply["user"]["passwordChangeNow"], false);
}

TEST_F(AdminMethodsTest, WhatIsNoChangeOfAPasswordChangesNothing) {
  call("AddUser", {{"name", "alice"}});
  const std::vector<std::pair<json, std::string>> bad = {
      {json::object(), "Invalid: say what to do with the password of alice"},
      {{{"generate", false}}, "Invalid: say what"},
      {{{"generate", true}, {"password", "x"}}, "Invalid: a password can be given or generated"},
      {{{"changeNow", true}}, "Invalid: alice has no password"},
      {{{"locked", true}}, "Invalid: alice has no password"},
      {{{"password", ""}, {"changeNow", true}}, "Invalid: alice has no password"},
      {{{"password", "a\nb"}}, "Invalid: a password must have no line break"},
      {{{"generate", "yes"}}, "InvalidParameter: generate"}};
  for (auto [parameters, expected] : bad) {
    parameters["name"] = "alice";
    EXPECT_THAT(refusal("SetPassword", parameters), HasSubstr(expected)) << parameters;
  }
  EXPECT_FALSE(call("GetUser", {{"name", "alice"}})["user"]["hasPassword"]);
  EXPECT_THAT(refusal("SetPassword", {{"name", "bob"}, {"generate", true}}),
              HasSubstr("NoSuchUser"));
}

TEST_F(AdminMethodsTest, AFirstPasswordIsToldOnceAndKeptAsAHash) {
  auto reply = call("AddUser", {{"name", "alice"}, {"generatePassword", true}});
  std::string password = reply["generatedPassword"];
  EXPECT_EQ(reply["user"]["passwordChangeNow"], true);
  EXPECT_TRUE(verify_password(password, accounts_.store->find("alice")->hashed_password));
  EXPECT_THAT(call("GetUser", {{"name", "alice"}}).dump(), testing::Not(HasSubstr(password)));
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(accounts_.directory / "state")) {
    if (!entry.is_regular_file()) continue;
    EXPECT_THAT(read_file(entry.path()), testing::Not(HasSubstr(password))) << entry.path();
  }
  EXPECT_THAT(refusal("AddUser", {{"name", "b"}, {"generatePassword", true}, {"password", "x"}}),
              HasSubstr("not both"));
  EXPECT_FALSE(call("AddUser", {{"name", "b"}, {"password", "x"}}).contains("generatedPassword"));
}

// PAM brings it; the settings are labgpu's, the rest is the host's.
TEST_F(AdminMethodsTest, AnAccountOfTheHostIsSetUpLikeOthersButForWhatIsTheHosts) {
  accounts_.add_of_host("gwen", 5001);
  EXPECT_EQ(call("AddUser", {{"name", "alice"}})["user"]["origin"], "labgpu");
  json change = {{"name", "gwen"}, {"assignments", {"gpus=none", "locked=yes", "max_sessions=2"}}};
  auto user = call("SetUser", change)["user"];
  EXPECT_EQ(user["origin"], "host");
  EXPECT_EQ(user["state"], "locked");
  EXPECT_EQ(user["settings"]["gpus"], "none");
  EXPECT_EQ(call("AddKey", {{"name", "gwen"}, {"key", kKey}})["key"]["type"], "ssh-ed25519");

  change["assignments"] = {"locked=no", "real_name=Gwen"};
  EXPECT_THAT(refusal("SetUser", change),
              HasSubstr("gwen is an account of this server, whose real"));
  for (const char* password : {"secret", ""}) {
    json other = {{"name", "gwen"}, {"assignments", {"locked=no"}}, {"password", password}};
    EXPECT_THAT(refusal("SetUser", other), HasSubstr("whose password is not labgpu's to change"));
  }
  for (const char* what : {"generate", "changeNow", "locked"}) {
    EXPECT_THAT(refusal("SetPassword", {{"name", "gwen"}, {what, true}}),
                HasSubstr("Invalid: gwen is an account of this server, whose password"))
        << what;
  }
  EXPECT_EQ(call("GetUser", {{"name", "gwen"}})["user"]["state"], "locked");

  auto exported = call("ExportUsers", json::object())["users"];
  ASSERT_EQ(exported.size(), 1U);
  EXPECT_EQ(exported[0]["name"], "alice");
  EXPECT_THAT(refusal("ExportUsers", {{"names", {"gwen"}}}), HasSubstr("not labgpu's to export"));

  auto removed = call("RemoveUser", {{"name", "gwen"}});
  EXPECT_EQ(removed["origin"], "host");
  EXPECT_EQ(removed["home"], "/home/gwen");
  EXPECT_EQ(accounts_.store->find("gwen"), nullptr);
}

// A hash takes a good part of a tenth of a second. Logins would wait for that on the loop's thread,
// in an import once for each account.
TEST_F(AdminMethodsTest, TheLoopTurnsWhileAPasswordIsHashed) {
  call("AddUser", {{"name", "alice"}});
  const std::vector<std::pair<std::string, json>> calls = {
      {"AddUser", {{"name", "bob"}, {"password", "secret"}}},
      {"SetUser", {{"name", "alice"}, {"assignments", json::array()}, {"password", "secret"}}},
      {"SetPassword", {{"name", "alice"}, {"password", "secret"}}},
      {"ImportUsers", {{"users", json::array({{{"name", "carol"}, {"password", "secret"}}})}}}};
  for (const auto& [method, parameters] : calls) {
    std::atomic<bool> released = false;
    std::optional<int> blocked;
    auto busy = worker_.run<int>([&released] {
      while (!released) std::this_thread::yield();
      return 0;
    });
    auto blocking = testing_support::keep_result(std::move(busy), blocked);
    blocking.start();
    std::optional<VarlinkReply> reply;
    VarlinkCall asked{"org.labgpu", method, parameters, false, false, kRoot};
    auto asking = testing_support::keep_result(admin_.call(asked), reply);
    asking.start();
    // More turns than an import takes before it comes to the password.
    for (int turns = 0; turns < 50; ++turns) {
      bool turned = false;
      loop_.post([&turned] { turned = true; });
      testing_support::run_until(loop_, [&turned] { return turned; });
    }
    EXPECT_FALSE(asking.done()) << method << " did not ask the worker";
    released = true;
    testing_support::run_until(loop_, [&asking] { return asking.done(); });
    EXPECT_TRUE(*reply) << method;
  }
  for (const auto* name : {"alice", "bob", "carol"}) {
    EXPECT_TRUE(verify_password("secret", accounts_.store->find(name)->hashed_password)) << name;
  }
}

}  // namespace
}  // namespace labgpu::test
