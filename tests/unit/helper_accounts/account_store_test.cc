// The account store: what is on disk after each change, after a restart, and when the disk is full.
#include "helper/account_store.h"

#include <gmock/gmock.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/helper_accounts/store_fixture.h"

namespace labgpu::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class AccountStoreTest : public StoreFixture {};

TEST_F(AccountStoreTest, ANewAccountIsRecordedIndexedAndHasItsKeys) {
  auto alice = add("alice");
  EXPECT_EQ(alice->uid, 20001U);
  EXPECT_EQ(store_->find("alice"), alice);
  EXPECT_EQ(store_->find(20001), alice);
  EXPECT_TRUE(is_indexed("alice"));
  EXPECT_THAT(file("keys/alice"), HasSubstr("ssh-ed25519 AAAA alice\n"));
  EXPECT_THAT(file("users/alice.json"), HasSubstr("\"userName\": \"alice\""));
}

TEST_F(AccountStoreTest, ChangesAreHeardOf) {
  int heard = 0;
  store_->on_change([&heard] { ++heard; });
  auto alice = add("alice");
  EXPECT_EQ(heard, 1);
  Account changed = *alice;
  changed.profile = "phd";
  ASSERT_TRUE(store_->put_if_unchanged(alice, changed));
  EXPECT_EQ(heard, 2);
}

TEST_F(AccountStoreTest, UsersOfContainersHaveNamesWhileDockerRemapsThem) {
  const ContainerIds ids{.first_uid = 100000, .first_gid = 100000, .uids = 65536, .gids = 65536};
  auto name_of = [&](uint32_t uid) -> std::string {
    char buffer[512];
    IndexedAccount found;
    auto path = state_ + "/nss/passwd.cdb";
    if (find_account(path.c_str(), uid, buffer, found) != 0) return "";
    return std::string(found.name);
  };
  add("alice");
  EXPECT_EQ(name_of(120001), "");
  ASSERT_TRUE(store_->name_container_ids(ids));
  EXPECT_EQ(name_of(120001), "alice+container");
  EXPECT_EQ(name_of(100000), "root+container");
  add("bob");
  EXPECT_EQ(name_of(120002), "bob+container") << "who comes later, too";
  EXPECT_FALSE(is_indexed("alice+container"));
  ASSERT_TRUE(store_->name_container_ids(std::nullopt));
  EXPECT_EQ(name_of(120001), "");
  EXPECT_EQ(name_of(20001), "alice");
}

TEST_F(AccountStoreTest, FilesAreAsSecretAsTheyMustBe) {
  add("alice");
  auto mode = [&](const std::string& name) {
    struct stat status {};
    EXPECT_EQ(stat((state_ + "/" + name).c_str(), &status), 0) << name;
    EXPECT_EQ(status.st_uid, 0U);
    return status.st_mode & 07777U;
  };
  EXPECT_EQ(mode("users"), 0700U);
  EXPECT_EQ(mode("users/alice.json"), 0600U);
  EXPECT_EQ(mode("ids"), 0700U);
  EXPECT_EQ(mode("ids/20001.json"), 0600U);
  EXPECT_EQ(mode("keys"), 0755U);
  EXPECT_EQ(mode("keys/alice"), 0644U);
  EXPECT_EQ(mode("nss"), 0755U);
}

TEST_F(AccountStoreTest, EverythingIsThereAfterARestart) {
  add("alice");
  add("bob");
  open_store();
  ASSERT_NE(store_->find("alice"), nullptr);
  ASSERT_NE(store_->find("bob"), nullptr);
  EXPECT_EQ(store_->find("bob")->uid, 20002U);
  EXPECT_EQ(store_->list().size(), 2U);
}

TEST_F(AccountStoreTest, TheIndexAndTheKeysAreMadeAgainAtTheStart) {
  add("alice");
  write_file(state_ + "/nss/passwd.cdb", "damaged");
  write_file(state_ + "/keys/alice", "ssh-ed25519 FOREIGN");
  write_file(state_ + "/keys/mallory", "ssh-ed25519 FOREIGN");
  open_store();
  EXPECT_TRUE(is_indexed("alice"));
  EXPECT_THAT(file("keys/alice"), testing::Not(HasSubstr("FOREIGN")));
  EXPECT_FALSE(exists("keys/mallory"));
}

TEST_F(AccountStoreTest, BadAndTakenNamesAreRefused) {
  host_.names = {"hostuser"};
  add("alice");
  const std::vector<std::pair<std::string, ErrorCode>> refused = {
      {"../x", ErrorCode::kInvalid},         {"", ErrorCode::kInvalid},
      {"-x", ErrorCode::kInvalid},           {std::string(200, 'a'), ErrorCode::kInvalid},
      {"Alice", ErrorCode::kInvalid},        {"_alice", ErrorCode::kInvalid},
      {"root", ErrorCode::kInvalid},         {"labgpu", ErrorCode::kInvalid},
      {"labgpu-admin", ErrorCode::kInvalid}, {"hostuser", ErrorCode::kExists},
      {"alice", ErrorCode::kExists}};
  for (const auto& [name, code] : refused) {
    auto id = store_->reserve_id(name);
    ASSERT_FALSE(id) << name;
    EXPECT_EQ(id.error().code, code) << name;
  }
  EXPECT_EQ(store_->list().size(), 1U);
}

TEST_F(AccountStoreTest, ASourceThatCannotBeAskedIsNoYes) {
  host_.broken = true;
  EXPECT_FALSE(store_->reserve_id("alice"));
}

TEST_F(AccountStoreTest, IdsThatTheHostHasAreSkipped) {
  host_.ids = {20001, 20002};
  EXPECT_EQ(add("alice")->uid, 20003U);
}

TEST_F(AccountStoreTest, TheGroupsIdMustBeFree) {
  host_.ids = {20000};
  auto opened = AccountStore::open(loop_, *records_, state_, kIds, host_);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, HasSubstr("ids.first"));
}

TEST_F(AccountStoreTest, IdsAreNeverUsedAgain) {
  auto alice = add("alice");
  ASSERT_TRUE(store_->remove(alice));
  EXPECT_EQ(add("alice")->uid, 20002U);
  ASSERT_TRUE(store_->remove(store_->find("alice")));
  open_store();
  EXPECT_EQ(add("bob")->uid, 20003U);
  // Also when it is no longer known who had one.
  write_file(state_ + "/ids/20002.json", "{");
  // And when nothing is known of one but the account that has it.
  ASSERT_EQ(unlink((state_ + "/ids/20003.json").c_str()), 0);
  open_store();
  EXPECT_EQ(add("carol")->uid, 20004U);
  EXPECT_EQ(add("dave")->uid, 20005U);
  auto none = store_->reserve_id("erin");
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().message, HasSubstr("ids.last"));
}

TEST_F(AccountStoreTest, AnIdWithoutAnAccountWaitsForTheSameName) {
  EXPECT_EQ(store_->reserve_id("alice"), 20001U);
  EXPECT_EQ(store_->reserve_id("bob"), 20002U);
  EXPECT_EQ(store_->reserve_id("alice"), 20001U);
  auto alice = add("alice");
  EXPECT_EQ(alice->uid, 20001U);
  ASSERT_TRUE(store_->remove(alice));
  EXPECT_EQ(store_->reserve_id("alice"), 20003U);
}

TEST_F(AccountStoreTest, ARemovedAccountLeavesItsIdOnly) {
  add("bob");
  ASSERT_TRUE(store_->remove(add("alice")));
  EXPECT_EQ(store_->find("alice"), nullptr);
  EXPECT_EQ(store_->find(20002), nullptr);
  EXPECT_FALSE(is_indexed("alice"));
  EXPECT_TRUE(is_indexed("bob"));
  EXPECT_FALSE(exists("users/alice.json"));
  EXPECT_FALSE(exists("keys/alice"));
  EXPECT_THAT(file("ids/20002.json"), HasSubstr("alice"));
}

TEST_F(AccountStoreTest, ARecordFromABackupIsTheAccountAgain) {
  add("alice");
  auto record = file("users/alice.json");
  ASSERT_TRUE(store_->remove(store_->find("alice")));
  write_file(state_ + "/users/alice.json", record);
  open_store();
  ASSERT_NE(store_->find("alice"), nullptr);
  EXPECT_EQ(store_->find("alice")->uid, 20001U);
  EXPECT_TRUE(is_indexed("alice"));
  EXPECT_TRUE(exists("keys/alice"));
}

TEST_F(AccountStoreTest, ARecordThatWasBroughtHereTakesItsIdIfItIsFree) {
  add("alice");
  auto bring = [&](const std::string& name, uint32_t id) {
    auto record = nlohmann::json::parse(file("users/alice.json"));
    record["userName"] = name;
    record["uid"] = record["gid"] = id;
    write_file(state_ + "/users/" + name + ".json", record.dump());
  };
  host_.ids = {5001};
  host_.names = {"hostuser"};
  bring("bob", 5000);
  bring("carol", 5001);
  bring("hostuser", 5002);
  bring("zoe", 5000);
  ASSERT_TRUE(store_->reserve_id("erin"));  // 20002
  bring("mallory", 20002);
  open_store();
  EXPECT_NE(store_->find("bob"), nullptr);
  EXPECT_THAT(file("ids/5000.json"), HasSubstr("bob"));
  EXPECT_THAT(store_->get("carol").error().message, HasSubstr("the server has a user or group"));
  EXPECT_THAT(store_->get("hostuser").error().message, HasSubstr("of that name"));
  EXPECT_THAT(store_->get("zoe").error().message, HasSubstr("another account has uid"));
  EXPECT_THAT(store_->get("mallory").error().message, HasSubstr("is or was erin's"));
}

TEST_F(AccountStoreTest, OneProcessAtATimeHasTheDirectory) {
  auto second = FileRecordStore::open(loop_, state_);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, HasSubstr("another labgpud has " + state_));
}

TEST_F(AccountStoreTest, AnAccountThatSomebodyElseChangedIsNotOverwritten) {
  auto seen = add("alice");
  Account first = *seen;
  first.real_name = "first";
  ASSERT_TRUE(store_->put_if_unchanged(seen, first));
  Account second = *seen;
  second.real_name = "second";
  auto late = store_->put_if_unchanged(seen, second);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(store_->find("alice")->real_name, "first");
  EXPECT_FALSE(store_->remove(seen));
}

// A record of a newer version's is not damaged by an edit of this one.
TEST_F(AccountStoreTest, UnknownFieldsOfARecordSurviveAnEdit) {
  add("alice");
  auto record = nlohmann::json::parse(file("users/alice.json"));
  record["blobDirectory"] = "/x";
  record["privileged"]["pkcs11EncryptedKey"] = {{{"uri", "y"}}};
  record["labgpu"]["quota"] = {{"home", "10g"}};
  record["labgpu"]["image"] = "lab:1";
  write_file(state_ + "/users/alice.json", record.dump());
  open_store();
  auto seen = store_->find("alice");
  ASSERT_NE(seen, nullptr);
  Account changed = *seen;
  changed.not_after = 5;
  changed.settings.image.reset();
  changed.settings.max_sessions = 2;
  changed.authorized_keys.clear();
  ASSERT_TRUE(store_->put_if_unchanged(seen, changed));
  record["notAfterUSec"] = 5;
  record["labgpu"].erase("image");
  record["labgpu"]["maxSessions"] = 2;
  record["privileged"]["sshAuthorizedKeys"] = nlohmann::json::array();
  EXPECT_EQ(nlohmann::json::parse(file("users/alice.json")), record);
}

TEST_F(AccountStoreTest, NamesIdsAndNonsenseCannotBePut) {
  auto seen = add("alice");
  for (auto change :
       {+[](Account& a) { a.name = "bob"; }, +[](Account& a) { a.uid = 20009; },
        +[](Account& a) { a.real_name = "a:b"; }, +[](Account& a) { a.home = "x"; }}) {
    Account changed = *seen;
    change(changed);
    EXPECT_FALSE(store_->put_if_unchanged(seen, changed));
  }
  EXPECT_EQ(store_->find("alice"), seen);
}

TEST_F(AccountStoreTest, ADamagedRecordIsSkippedAndKept) {
  add("alice");
  add("bob");
  write_file(state_ + "/users/alice.json", "{\"userName\":");
  open_store();
  EXPECT_EQ(store_->find("alice"), nullptr);
  EXPECT_FALSE(is_indexed("alice"));
  EXPECT_TRUE(is_indexed("bob"));
  EXPECT_EQ(file("users/alice.json"), "{\"userName\":");
  auto got = store_->get("alice");
  ASSERT_FALSE(got);
  EXPECT_THAT(got.error().message, HasSubstr("users/alice.json"));
  EXPECT_FALSE(store_->reserve_id("alice"));
  EXPECT_EQ(add("carol")->uid, 20003U);
}

TEST_F(AccountStoreTest, ARecordUnderAnotherNameOrWithATakenIdIsDamaged) {
  add("alice");
  write_file(state_ + "/users/bob.json", file("users/alice.json"));
  auto clash = file("users/alice.json");
  clash.replace(clash.find("\"alice\""), 7, "\"zoe\"");
  write_file(state_ + "/users/zoe.json", clash);
  open_store();
  EXPECT_NE(store_->find("alice"), nullptr);
  EXPECT_THAT(store_->get("bob").error().message, HasSubstr("is the record of alice"));
  EXPECT_THAT(store_->get("zoe").error().message, HasSubstr("another account has uid"));
}

TEST_F(AccountStoreTest, WhatCannotBeIndexedIsTakenBack) {
  auto seen = add("alice");
  std::filesystem::remove_all(state_ + "/nss");
  Account changed = *seen;
  changed.authorized_keys.clear();
  EXPECT_FALSE(store_->put_if_unchanged(seen, changed));
  EXPECT_EQ(store_->find("alice"), seen);
  EXPECT_THAT(file("keys/alice"), HasSubstr("ssh-ed25519"));
  EXPECT_THAT(file("users/alice.json"), HasSubstr("ssh-ed25519"));
  EXPECT_FALSE(try_to_add("bob"));
  EXPECT_EQ(store_->find("bob"), nullptr);
  EXPECT_FALSE(exists("users/bob.json"));
  EXPECT_FALSE(exists("keys/bob"));
}

// A state directory of 256 KiB that a test fills.
class FullDiskTest : public AccountStoreTest {
 protected:
  void SetUp() override {
    ASSERT_EQ(mkdir(state_.c_str(), 0755), 0);
    ASSERT_EQ(mount("none", state_.c_str(), "tmpfs", 0, "size=256k"), 0);
    open_store();
  }
  void TearDown() override {
    close_store();
    EXPECT_EQ(umount(state_.c_str()), 0);
  }
  void fill() const {
    std::string block(4096, 'x');
    int fd = open((state_ + "/filler").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ASSERT_GE(fd, 0);
    while (write(fd, block.data(), block.size()) > 0) {
    }
    EXPECT_EQ(close(fd), 0);
  }
};

TEST_F(FullDiskTest, AChangeFailsWholeAndTheOldStays) {
  auto seen = add("alice");
  fill();
  auto before = all_files();
  auto record = file("users/alice.json");
  auto index = file("nss/passwd.cdb");
  Account changed = *seen;
  changed.real_name = std::string(10000, 'r');
  auto put = store_->put_if_unchanged(seen, changed);
  ASSERT_FALSE(put);
  EXPECT_THAT(put.error().message, HasSubstr("No space left"));
  EXPECT_EQ(file("users/alice.json"), record);
  EXPECT_EQ(file("nss/passwd.cdb"), index);
  EXPECT_EQ(all_files(), before);
  EXPECT_EQ(store_->find("alice"), seen);
}

TEST_F(FullDiskTest, NoAccountIsHalfMade) {
  add("alice");
  fill();
  auto before = all_files();
  EXPECT_FALSE(try_to_add("bob"));
  EXPECT_EQ(all_files(), before);
  EXPECT_EQ(store_->find("bob"), nullptr);
  EXPECT_TRUE(is_indexed("alice"));
  ASSERT_EQ(unlink((state_ + "/filler").c_str()), 0);
  EXPECT_NE(add("bob"), nullptr);
}

TEST_F(FullDiskTest, AStartWithoutRoomKeepsTheIndexAndMakesItWhenThereIsSome) {
  auto seen = add("alice");
  auto index = file("nss/passwd.cdb");
  // A crash between the record and the index, and then a full disk.
  auto record = file("users/alice.json");
  ASSERT_EQ(unlink((state_ + "/keys/alice").c_str()), 0);
  fill();
  open_store();
  EXPECT_EQ(file("users/alice.json"), record);
  EXPECT_EQ(file("nss/passwd.cdb"), index);
  ASSERT_NE(store_->find("alice"), nullptr);
  EXPECT_FALSE(exists("keys/alice"));
  ASSERT_EQ(unlink((state_ + "/filler").c_str()), 0);
  auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!exists("keys/alice") && std::chrono::steady_clock::now() < deadline) {
    loop_.run_once(std::chrono::milliseconds(100));
  }
  EXPECT_THAT(file("keys/alice"), HasSubstr("ssh-ed25519"));
  EXPECT_TRUE(is_indexed("alice"));
}

TEST_F(FullDiskTest, AStartOnAReadOnlyDiskServesWhoIsThere) {
  add("alice");
  ASSERT_EQ(mount("none", state_.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr), 0);
  open_store();
  EXPECT_NE(store_->find("alice"), nullptr);
  EXPECT_TRUE(is_indexed("alice"));
}

TEST_F(FullDiskTest, AReadOnlyDirectoryFailsWhole) {
  auto seen = add("alice");
  ASSERT_EQ(mount("none", state_.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr), 0);
  Account changed = *seen;
  changed.locked = true;
  EXPECT_FALSE(store_->put_if_unchanged(seen, changed));
  EXPECT_FALSE(store_->remove(seen));
  EXPECT_FALSE(try_to_add("bob"));
  EXPECT_EQ(store_->find("alice"), seen);
  EXPECT_TRUE(is_indexed("alice"));
}

}  // namespace
}  // namespace labgpu::test
