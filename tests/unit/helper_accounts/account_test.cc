// Account records: round trip, unknown fields, refusals.
#include "helper/account.h"

#include <gmock/gmock.h>

namespace labgpu {
namespace {

using nlohmann::json;
using testing::HasSubstr;

Account alice() {
  Account account;
  account.name = "alice";
  account.real_name = "Alice 爱丽丝";
  account.uid = account.gid = 20001;
  account.home = "/home/alice";
  account.locked = true;
  account.not_before = 1;
  account.not_after = 1798761599999999;
  account.hashed_password = "$y$j9T$salt$hash";
  account.password_change_now = true;
  account.authorized_keys = {"ssh-ed25519 AAAA a@b"};
  account.settings.image = "lab:1";
  account.profile = "phd";
  account.host_ports = {{"22/tcp", 20000}};
  return account;
}

TEST(Account, RoundTrip) {
  auto read = account_from_json(to_json(alice()));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(to_json(*read), to_json(alice()));
  EXPECT_EQ(read->real_name, "Alice 爱丽丝");
  EXPECT_EQ(read->hashed_password, "$y$j9T$salt$hash");
  EXPECT_EQ(read->settings.image, "lab:1");
  EXPECT_EQ(read->profile, "phd");
  EXPECT_EQ(read->host_ports, (PortReservations{{"22/tcp", 20000}}));
  EXPECT_TRUE(read->locked);
  EXPECT_TRUE(read->password_change_now);
  EXPECT_EQ(read->not_before, 1U);
  EXPECT_EQ(read->not_after, 1798761599999999U);
}

TEST(Account, OfTheHostMayHaveAnyPrimaryGroup) {
  Account account = alice();
  account.gid = 100;
  EXPECT_THAT(account_from_json(to_json(account)).error().message, HasSubstr("gid"));
  account.bridged = true;
  account.group = "users";
  auto read = account_from_json(to_json(account));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(to_json(*read), to_json(account));
  EXPECT_EQ(to_json(account)["labgpu"]["bridged"], true);
  EXPECT_EQ(group_name_of(*read), "users");
  EXPECT_EQ(group_name_of(alice()), "alice");
  account.gid = 0;
  EXPECT_FALSE(account_from_json(to_json(account)));
  account.gid = 100;
  account.group = "domain users";
  EXPECT_THAT(account_from_json(to_json(account)).error().message, HasSubstr("labgpu.groupName"));
}

TEST(Account, NamesAreThoseOfSystemdsUserRecord) {
  auto record = to_json(alice());
  EXPECT_EQ(record["userName"], "alice");
  EXPECT_EQ(record["homeDirectory"], "/home/alice");
  EXPECT_EQ(record["notBeforeUSec"], 1);
  EXPECT_EQ(record["notAfterUSec"], 1798761599999999);
  EXPECT_EQ(record["passwordChangeNow"], true);
  EXPECT_EQ(record["privileged"]["hashedPassword"], json({"$y$j9T$salt$hash"}));
  EXPECT_EQ(record["privileged"]["sshAuthorizedKeys"], json({"ssh-ed25519 AAAA a@b"}));
  EXPECT_EQ(record["labgpu"]["image"], "lab:1");
}

TEST(Account, UnknownFieldsStay) {
  auto record = to_json(alice());
  record["diskSize"] = 5;
  record["perMachine"] = json::array({{{"matchHostname", "gpu02"}, {"uid", 7}}});
  record["privileged"]["passwordHint"] = "x";
  record["labgpu"]["colour"] = json::array({"red"});
  auto read = account_from_json(record);
  ASSERT_TRUE(read);
  EXPECT_EQ(to_json(*read), record);
}

TEST(Account, AClearedSettingIsGoneFromTheRecord) {
  auto read = account_from_json(to_json(alice()));
  ASSERT_TRUE(read);
  read->settings.image.reset();
  read->hashed_password.clear();
  read->password_change_now = false;
  read->not_before.reset();
  read->not_after.reset();
  auto record = to_json(*read);
  EXPECT_FALSE(record["labgpu"].contains("image"));
  EXPECT_FALSE(record["privileged"].contains("hashedPassword"));
  EXPECT_FALSE(record.contains("passwordChangeNow"));
  EXPECT_FALSE(record.contains("notBeforeUSec"));
  EXPECT_FALSE(record.contains("notAfterUSec"));
}

TEST(Account, SystemdsNeverIsNoDate) {
  auto record = to_json(alice());
  record["notBeforeUSec"] = record["notAfterUSec"] = UINT64_MAX;
  auto read = account_from_json(record);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->not_before, std::nullopt);
  EXPECT_EQ(read->not_after, std::nullopt);
}

TEST(Account, MistakesNameTheField) {
  const std::vector<std::pair<const char*, json>> bad = {{"userName", "Alice"},
                                                         {"userName", "../x"},
                                                         {"userName", "-a"},
                                                         {"userName", std::string(33, 'a')},
                                                         {"userName", 5},
                                                         {"userName", nullptr},
                                                         {"realName", "a:b"},
                                                         {"realName", "a\nb"},
                                                         {"uid", 0},
                                                         {"uid", 65534},
                                                         {"uid", 65535},
                                                         {"uid", 4294967295},
                                                         {"uid", "20001"},
                                                         {"gid", 20002},
                                                         {"homeDirectory", "home"},
                                                         {"homeDirectory", "/home/../etc"},
                                                         {"homeDirectory", "/home/a:b"},
                                                         {"locked", "yes"},
                                                         {"notBeforeUSec", -1},
                                                         {"notAfterUSec", "2026-12-31"},
                                                         {"notAfterUSec", 1.5}};
  for (const auto& [field, value] : bad) {
    auto record = to_json(alice());
    record[field] = value;
    if (std::string(field) == "uid") record["gid"] = value;
    auto read = account_from_json(record);
    ASSERT_FALSE(read) << field << " " << value;
    EXPECT_THAT(read.error().message, HasSubstr(field));
    EXPECT_EQ(read.error().code, ErrorCode::kInvalid);
  }
}

TEST(Account, MistakesInTheLabgpuSectionNameTheField) {
  const std::vector<std::pair<const char*, json>> bad = {{"memory", "12x"},
                                                         {"profile", 5},
                                                         {"hostPorts", {1}},
                                                         {"hostPorts", {{"22/tcp", 0}}},
                                                         {"hostPorts", {{"22/tcp", 65536}}}};
  for (const auto& [field, value] : bad) {
    auto record = to_json(alice());
    record["labgpu"][field] = value;
    auto read = account_from_json(record);
    ASSERT_FALSE(read) << field << " " << value;
    EXPECT_THAT(read.error().message, HasSubstr(std::string("labgpu.") + field));
  }
}

TEST(Account, NothingGetsALineOfItsOwnIntoShadowOrKeys) {
  const std::vector<std::pair<const char*, json>> bad = {
      {"hashedPassword", json({"x:y"})},    {"hashedPassword", json({"x\ny"})},
      {"hashedPassword", json({"x", "y"})}, {"sshAuthorizedKeys", json({"a\nb"})},
      {"sshAuthorizedKeys", json({""})},    {"sshAuthorizedKeys", "a"}};
  for (const auto& [field, value] : bad) {
    auto record = to_json(alice());
    record["privileged"][field] = value;
    auto read = account_from_json(record);
    ASSERT_FALSE(read) << field << " " << value;
    EXPECT_THAT(read.error().message, HasSubstr(std::string("privileged.") + field));
  }
}

}  // namespace
}  // namespace labgpu
