// systemd's user database: records, what is left to NSS, and who sees what.
#include "helper/user_database.h"

#include <gtest/gtest.h>

#include "tests/unit/helper_docker/run_task.h"
#include "tests/unit/helper_servers/accounts.h"

namespace labgpu::test {
namespace {

using nlohmann::json;

class UserDatabaseTest : public testing::Test {
 protected:
  UserDatabaseTest() {
    accounts_.add("alice");
    accounts_.add("bob");
    accounts_.change("alice", [](Account& account) {
      account.real_name = "Alice Liddell";
      account.hashed_password = "$y$hash";
      account.authorized_keys = {"ssh-ed25519 AAAA a@b"};
      account.not_before = 1;
      account.not_after = 253402214400000000;
      account.settings.image = "lab:1";
    });
  }
  VarlinkReply reply_to(const std::string& method, json parameters, uid_t uid = 4711) {
    parameters.emplace("service", "org.labgpu");
    return ask(method, parameters, uid);
  }
  VarlinkReply ask(const std::string& method, const json& parameters, uid_t uid = 4711) {
    // As from a socket, where a number without a sign is unsigned.
    auto received = json::parse(parameters.dump());
    VarlinkCall call{"io.systemd.UserDatabase", method, received, false, false, {uid, 1}};
    return testing_support::run_task(loop_, database_.call(call));
  }
  json user(const json& parameters, uid_t uid = 4711) {
    return reply_to("GetUserRecord", parameters, uid).value_or(json());
  }
  // Without the interface's name; "found" when there is none.
  std::string error(const std::string& method, const json& parameters) {
    auto reply = reply_to(method, parameters);
    if (reply) return "found";
    auto name = reply.error().name;
    return name.substr(name.rfind('.') + 1);
  }

  EventLoop loop_;
  Accounts accounts_{loop_};
  UserDatabase database_{*accounts_.store};
};

const std::vector<std::string> kMethods = {"GetUserRecord", "GetGroupRecord", "GetMemberships"};

TEST_F(UserDatabaseTest, AUserIsFoundByNameNumberOrBoth) {
  const json record = {{"userName", "alice"},
                       {"realName", "Alice Liddell"},
                       {"uid", 20001},
                       {"gid", 20001},
                       {"homeDirectory", "/home/alice"},
                       {"shell", "/usr/libexec/labgpu/labgpu-session"},
                       {"disposition", "regular"},
                       {"locked", false},
                       {"notBeforeUSec", 1},
                       {"notAfterUSec", 253402214400000000},
                       {"service", "org.labgpu"}};
  const json expected = {{"record", record}, {"incomplete", true}};
  EXPECT_EQ(user({{"userName", "alice"}}), expected);
  EXPECT_EQ(user({{"uid", 20001}}), expected);
  EXPECT_EQ(user({{"uid", 20001}, {"userName", "alice"}}), expected);
  EXPECT_EQ(user({{"uid", nullptr}, {"userName", "alice"}}), expected);
}

TEST_F(UserDatabaseTest, KeysAreForRootAndHashesForNobody) {
  for (uid_t uid : {4711U, 20001U, 20002U}) {
    EXPECT_FALSE(user({{"userName", "alice"}}, uid)["record"].contains("privileged")) << uid;
  }
  auto reply = user({{"userName", "alice"}}, 0);
  EXPECT_EQ(reply["record"]["privileged"], (json{{"sshAuthorizedKeys", {"ssh-ed25519 AAAA a@b"}}}));
  // systemd would make a shadow entry of what is complete.
  EXPECT_EQ(reply["incomplete"], true);
  EXPECT_EQ(user({{"userName", "bob"}}, 0)["incomplete"], true);
  EXPECT_EQ(reply.dump().find("$y$"), std::string::npos);
}

TEST_F(UserDatabaseTest, ALockedAccountIsSaidToBeLocked) {
  accounts_.change("bob", [](Account& account) { account.locked = true; });
  auto record = user({{"userName", "bob"}})["record"];
  EXPECT_EQ(record["locked"], true);
  EXPECT_EQ(record["realName"], "");
  EXPECT_FALSE(record.contains("notAfterUSec"));
}

TEST_F(UserDatabaseTest, EachUserHasAGroupOfTheirOwn) {
  const json record = {
      {"groupName", "bob"}, {"gid", 20002}, {"disposition", "regular"}, {"service", "org.labgpu"}};
  const json expected = {{"record", record}, {"incomplete", false}};
  EXPECT_EQ(reply_to("GetGroupRecord", {{"groupName", "bob"}}), expected);
  EXPECT_EQ(reply_to("GetGroupRecord", {{"gid", 20002}}), expected);
  EXPECT_EQ(reply_to("GetGroupRecord", {{"gid", 20002}, {"groupName", "bob"}}), expected);
}

TEST_F(UserDatabaseTest, WhoIsNotLabgpusIsNotFound) {
  for (const char* name : {"root", "carol", "labgpu", "", "../x", "Alice", "\x1b"}) {
    EXPECT_EQ(error("GetUserRecord", {{"userName", name}}), "NoRecordFound") << name;
    EXPECT_EQ(error("GetGroupRecord", {{"groupName", name}}), "NoRecordFound") << name;
  }
  for (uint32_t id : {0U, 1000U, 20000U, 20003U, 4294967295U}) {
    EXPECT_EQ(error("GetUserRecord", {{"uid", id}}), "NoRecordFound") << id;
    EXPECT_EQ(error("GetGroupRecord", {{"gid", id}}), "NoRecordFound") << id;
  }
}

TEST_F(UserDatabaseTest, AccountsOfTheHostAreLeftToTheHost) {
  accounts_.add_of_host("gwen", 5001);
  for (const json& parameters : {json{{"userName", "gwen"}}, json{{"uid", 5001}},
                                 json{{"userName", "gwen"}, {"uid", 5001}}}) {
    EXPECT_EQ(error("GetUserRecord", parameters), "NoRecordFound") << parameters;
  }
  EXPECT_EQ(error("GetGroupRecord", {{"groupName", "gwen"}}), "NoRecordFound");
  EXPECT_EQ(error("GetGroupRecord", {{"gid", 5001}}), "NoRecordFound");
  EXPECT_EQ(error("GetMemberships", {{"userName", "gwen"}, {"groupName", "labgpu"}}),
            "NoRecordFound");
  EXPECT_EQ(error("GetUserRecord", {{"userName", "alice"}, {"uid", 5001}}),
            "ConflictingRecordFound");
}

TEST_F(UserDatabaseTest, ANameAndANumberOfTwoAreAConflict) {
  for (uint32_t id : {20002U, 1000U}) {
    EXPECT_EQ(error("GetUserRecord", {{"userName", "alice"}, {"uid", id}}),
              "ConflictingRecordFound");
    EXPECT_EQ(error("GetGroupRecord", {{"groupName", "alice"}, {"gid", id}}),
              "ConflictingRecordFound");
  }
  EXPECT_EQ(error("GetUserRecord", {{"userName", "carol"}, {"uid", 20001}}),
            "ConflictingRecordFound");
  EXPECT_EQ(error("GetUserRecord", {{"userName", "carol"}, {"uid", 1}}), "NoRecordFound");
}

TEST_F(UserDatabaseTest, ListsAreLeftToNss) {
  EXPECT_EQ(error("GetUserRecord", json::object()), "EnumerationNotSupported");
  EXPECT_EQ(error("GetGroupRecord", json::object()), "EnumerationNotSupported");
  EXPECT_EQ(error("GetGroupRecord", {{"groupName", "labgpu"}}), "NoRecordFound");
  for (const auto& parameters : {json::object(), json{{"userName", "alice"}},
                                 json{{"groupName", "labgpu"}}, json{{"groupName", "alice"}}}) {
    EXPECT_EQ(error("GetMemberships", parameters), "NoRecordFound") << parameters;
  }
}

TEST_F(UserDatabaseTest, AMembershipIsConfirmed) {
  const json pair = {{"userName", "alice"}, {"groupName", "labgpu"}};
  EXPECT_EQ(reply_to("GetMemberships", pair), pair);
  for (const auto& [user, group] : std::vector<std::pair<std::string, std::string>>{
           {"carol", "labgpu"}, {"alice", "alice"}, {"alice", "sudo"}}) {
    EXPECT_EQ(error("GetMemberships", {{"userName", user}, {"groupName", group}}), "NoRecordFound");
  }
}

TEST_F(UserDatabaseTest, TheServiceMustBeNamed) {
  for (const auto& method : kMethods) {
    for (const auto& parameters :
         {json::object(), json{{"service", "io.systemd.Multiplexer"}}, json{{"service", ""}}}) {
      auto reply = ask(method, parameters);
      ASSERT_FALSE(reply) << method;
      EXPECT_EQ(reply.error().name, "io.systemd.UserDatabase.BadService") << method;
    }
  }
}

TEST_F(UserDatabaseTest, WhatMakesNoSenseIsInvalid) {
  for (const json& parameters :
       {json{{"uid", -1}}, json{{"uid", 4294967296}}, json{{"uid", "20001"}}, json{{"userName", 5}},
        json{{"userName", "alice"}, {"more", 1}}, json{{"service", 1}}}) {
    EXPECT_EQ(error("GetUserRecord", parameters), "InvalidParameter") << parameters;
  }
  EXPECT_EQ(error("GetMemberships", {{"uid", 20001}}), "InvalidParameter");
  EXPECT_EQ(error("SetUserRecord", json::object()), "MethodNotFound");
}

TEST_F(UserDatabaseTest, TheDescriptionNamesEveryMethod) {
  EXPECT_EQ(database_.name(), "io.systemd.UserDatabase");
  for (const auto& method : kMethods) {
    EXPECT_NE(database_.description().find("\nmethod " + method + "("), std::string::npos);
  }
}

}  // namespace
}  // namespace labgpu::test
