// Accounts of the host: who is admitted, what becomes of their records, and what PAM can read of
// it.
#include "helper/host_accounts.h"

#include <errno.h>
#include <gmock/gmock.h>

#include "common/bridge_index.h"
#include "tests/unit/helper_accounts/store_fixture.h"

namespace labgpu::test {
namespace {

using testing::HasSubstr;

constexpr HostAccount kGwen{.origin = 1,
                            .uid = 5001,
                            .gid = 100,
                            .group = "users",
                            .home = "/home/gwen",
                            .real_name = "Gwen"};

class HostAccountsTest : public StoreFixture {
 protected:
  void SetUp() override {
    StoreFixture::SetUp();
    write_file(drop_in_, "Match User *,!root Group labgpu,gpuusers\n");
    serve();
  }
  void serve() { store_->serve_host_accounts(config_.bridge); }
  void restart() {
    open_store();
    serve();
  }
  HostAccounts bridge() { return HostAccounts(*store_, config_, drop_in_); }
  Result<AccountPointer> admit(const std::string& user, const HostAccount& host = kGwen) {
    return bridge().admit(user, host);
  }
  AccountPointer admitted(const std::string& user, const HostAccount& host = kGwen) {
    auto account = admit(user, host);
    EXPECT_TRUE(account) << account.error().message;
    return account.value_or(nullptr);
  }
  std::string refusal(const std::string& user, const HostAccount& host = kGwen) {
    auto account = admit(user, host);
    return account ? "admitted" : account.error().message;
  }
  static HostAccount with(const std::function<void(HostAccount&)>& edit) {
    HostAccount host = kGwen;
    edit(host);
    return host;
  }
  // What PAM reads: the policy, or "" when there is no such file.
  std::string published_policy() const {
    BridgeIndex index;
    if (index.open((state_ + "/nss/bridge.cdb").c_str()) == ENOENT) return "";
    char buffer[BridgeIndex::kPolicyRoom];
    BridgePolicy policy;
    EXPECT_EQ(index.policy(buffer, policy), 0);
    return std::to_string(policy.first_uid) + ":" + std::string(policy.groups);
  }
  bool is_known(const std::string& name, uint32_t uid) const {
    BridgeIndex index;
    EXPECT_EQ(index.open((state_ + "/nss/bridge.cdb").c_str()), 0);
    return index.knows(name, uid) == 0;
  }

  Config config_ = [] {
    Config config;
    config.bridge = {.groups = {"gpuusers"}, .first_uid = 1000};
    return config;
  }();
  std::string drop_in_ = directory_ / "00-labgpu.conf";
};

TEST_F(HostAccountsTest, AMemberHasARecordFromTheFirstLoginOn) {
  EXPECT_FALSE(is_known("gwen", 5001));
  auto gwen = admitted("gwen");
  EXPECT_TRUE(gwen->bridged);
  EXPECT_EQ(gwen->uid, 5001U);
  EXPECT_EQ(gwen->gid, 100U);
  EXPECT_EQ(group_name_of(*gwen), "users");
  EXPECT_EQ(gwen->home, "/home/gwen");
  EXPECT_EQ(gwen->real_name, "Gwen");
  EXPECT_EQ(store_->find(5001), gwen);
  EXPECT_TRUE(is_known("gwen", 5001));
  EXPECT_TRUE(exists("keys/gwen"));
  auto record = nlohmann::json::parse(file("users/gwen.json"));
  EXPECT_EQ(record["labgpu"]["bridged"], true);
}

TEST_F(HostAccountsTest, ThePortsOfItsSettingsAreItsOwnFromTheFirstLoginOn) {
  config_.defaults.ports = std::vector<Port>{{8888, 0, false}};
  config_.ports = {20000, 20001, ""};
  auto gwen = admitted("gwen");
  EXPECT_EQ(gwen->host_ports.at("8888/tcp"), 20000);
  EXPECT_EQ(admitted("gwen"), gwen);
  auto other = admitted("otto", with([](auto& host) { host.uid = 5002; }));
  EXPECT_EQ(other->host_ports.at("8888/tcp"), 20001);
  // None is left, and a login without one is worth more than none.
  auto third = admitted("lena", with([](auto& host) { host.uid = 5003; }));
  EXPECT_TRUE(third->host_ports.empty());
}

TEST_F(HostAccountsTest, NothingOfItIsInTheAccountIndex) {
  admitted("gwen");
  add("alice");
  EXPECT_FALSE(is_indexed("gwen"));
  EXPECT_TRUE(is_indexed("alice"));
  EXPECT_FALSE(is_known("alice", 20001));
  EXPECT_FALSE(exists("ids/5001.json"));
}

TEST_F(HostAccountsTest, NobodyAsksTheNameService) {
  host_.broken = true;
  admitted("gwen");
}

TEST_F(HostAccountsTest, ItIsThereAfterARestart) {
  admitted("gwen");
  restart();
  ASSERT_NE(store_->find("gwen"), nullptr);
  EXPECT_TRUE(store_->find("gwen")->bridged);
  EXPECT_TRUE(is_known("gwen", 5001));
  EXPECT_EQ(refusal("gwen"), "admitted");
}

TEST_F(HostAccountsTest, ALaterLoginChangesNothing) {
  auto first = admitted("gwen");
  EXPECT_EQ(admitted("gwen"), first);
}

TEST_F(HostAccountsTest, TheRecordFollowsTheHostAndKeepsItsSettings) {
  auto first = admitted("gwen");
  Account changed = *first;
  changed.settings.image = "lab:1";
  changed.locked = true;
  ASSERT_TRUE(store_->put_if_unchanged(first, changed));
  auto moved = admitted("gwen", with([](HostAccount& host) {
                          host.gid = 5001;
                          host.group = "gwen";
                          host.home = "/srv/gwen";
                          host.real_name = "Gwen B.";
                        }));
  EXPECT_EQ(moved->gid, 5001U);
  EXPECT_EQ(group_name_of(*moved), "gwen");
  EXPECT_EQ(moved->home, "/srv/gwen");
  EXPECT_EQ(moved->real_name, "Gwen B.");
  EXPECT_EQ(moved->settings.image, "lab:1");
  EXPECT_TRUE(moved->locked);
}

TEST_F(HostAccountsTest, WhatADirectoryHasInItsTextsIsMadeFit) {
  auto gwen = admitted("gwen", with([](HostAccount& host) {
                         host.group = "domain users";
                         host.real_name = "G:wen\n";
                       }));
  EXPECT_EQ(group_name_of(*gwen), "gwen");
  EXPECT_EQ(gwen->real_name, "Gwen");
}

TEST_F(HostAccountsTest, WhatCannotBeAnAccountIsRefused) {
  EXPECT_THAT(refusal("Gwen.B"), HasSubstr("cannot be a user's name"));
  EXPECT_THAT(refusal("docker"), HasSubstr("reserved"));
  EXPECT_THAT(refusal("gwen", with([](HostAccount& host) { host.home = "home"; })),
              HasSubstr("homeDirectory"));
  EXPECT_THAT(refusal("gwen", with([](HostAccount& host) { host.home = "/a/../etc"; })),
              HasSubstr("homeDirectory"));
  std::string long_home = "/" + std::string(255, 'h');
  EXPECT_THAT(refusal("gwen", with([&](HostAccount& host) { host.home = long_home; })),
              HasSubstr("longer than 255"));
  EXPECT_THAT(refusal("gwen", with([](HostAccount& host) { host.gid = 0; })), HasSubstr("gid"));
  EXPECT_THAT(refusal("gwen", with([](HostAccount& host) { host.uid = 65534; })), HasSubstr("uid"));
  EXPECT_TRUE(store_->list().empty());
  EXPECT_TRUE(std::filesystem::is_empty(state_ + "/users"));
}

TEST_F(HostAccountsTest, WhomTheSettingsLeaveOutIsRefused) {
  admitted("gwen");
  config_.bridge.first_uid = 5002;
  EXPECT_THAT(refusal("gwen"), HasSubstr("no group of yours"));
  config_.bridge = {};
  EXPECT_THAT(refusal("gwen"), HasSubstr("no group of yours"));
}

TEST_F(HostAccountsTest, NobodyIsAdmittedThatSshdIsNotSetUpFor) {
  admitted("gwen");
  for (const char* drop_in :
       {"Match User *,!root Group labgpu\n", "Match User *,!root Group labgpu,gpu\n", ""}) {
    write_file(drop_in_, drop_in);
    EXPECT_THAT(refusal("gwen"), HasSubstr("run labgpu setup")) << drop_in;
    EXPECT_FALSE(bridge().check_drop_in());
  }
  ASSERT_EQ(unlink(drop_in_.c_str()), 0);
  EXPECT_THAT(refusal("gwen"), HasSubstr("members of gpuusers"));
  config_.bridge = {};
  EXPECT_TRUE(bridge().check_drop_in());
}

TEST_F(HostAccountsTest, ANameOfLabgpusOwnIsRefused) {
  add("alice");
  EXPECT_THAT(refusal("alice"), HasSubstr("labgpu has an account alice of its own"));
  EXPECT_FALSE(store_->find("alice")->bridged);
}

TEST_F(HostAccountsTest, AnotherUidIsRefused) {
  admitted("gwen");
  auto other = with([](HostAccount& host) { host.uid = 5002; });
  EXPECT_THAT(refusal("gwen", other), HasSubstr("is 5002, and it was 5001"));
  ASSERT_TRUE(store_->remove(store_->find("gwen")));
  EXPECT_EQ(admitted("gwen", other)->uid, 5002U);
}

TEST_F(HostAccountsTest, AnotherAccountsUidIsRefused) {
  admitted("gwen");
  EXPECT_THAT(refusal("gary"), HasSubstr("uid 5001 is or was that of labgpu's gwen"));
  auto alice = add("alice");
  auto same = with([](HostAccount& host) { host.uid = host.gid = 20001; });
  EXPECT_THAT(refusal("gary", same), HasSubstr("labgpu's alice"));
  ASSERT_TRUE(store_->remove(alice));
  EXPECT_THAT(refusal("gary", same), HasSubstr("labgpu's alice"));
  // Moved to a directory, with her files.
  EXPECT_EQ(admitted("alice", same)->uid, 20001U);
}

TEST_F(HostAccountsTest, ItsUidIsNotGivenToAnybody) {
  admitted("gwen", with([](HostAccount& host) { host.uid = host.gid = 20001; }));
  EXPECT_EQ(add("alice")->uid, 20002U);
  EXPECT_FALSE(store_->check_given_id(20001, "alice"));
}

TEST_F(HostAccountsTest, ARemovedOneIsTheHostsAgain) {
  ASSERT_TRUE(store_->remove(admitted("gwen")));
  EXPECT_EQ(store_->find("gwen"), nullptr);
  EXPECT_FALSE(is_known("gwen", 5001));
  EXPECT_FALSE(exists("keys/gwen"));
  EXPECT_FALSE(exists("users/gwen.json"));
  EXPECT_TRUE(admitted("gwen")->bridged);
}

TEST_F(HostAccountsTest, TheGroupsArePublishedForPam) {
  EXPECT_EQ(published_policy(), "1000:gpuusers");
  config_.bridge = {.groups = {"gpuusers", "domain users"}, .first_uid = 2000};
  serve();
  EXPECT_EQ(published_policy(), "2000:gpuusers,domain users");
  config_.bridge = {};
  serve();
  EXPECT_EQ(published_policy(), "");
}

TEST_F(HostAccountsTest, ARecordAloneServesNobody) {
  admitted("gwen");
  config_.bridge = {};
  serve();
  EXPECT_EQ(published_policy(), "");
  EXPECT_NE(store_->find("gwen"), nullptr);
}

TEST_F(HostAccountsTest, ADamagedRecordIsRefused) {
  admitted("gwen");
  write_file(state_ + "/users/gwen.json", "{");
  restart();
  EXPECT_THAT(refusal("gwen"), HasSubstr("record of gwen is damaged"));
}

TEST_F(HostAccountsTest, WhoeverAddsANameOfTheHostIsToldOfTheGroup) {
  host_.names = {"gwen"};
  EXPECT_THAT(try_to_add("gwen").error().message,
              HasSubstr("a user in gpuusers need not be added"));
}

}  // namespace
}  // namespace labgpu::test
