// The account store: what is on disk after each change, after a restart, and when the disk is full.
#include "helper/account_store.h"

#include <gmock/gmock.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <set>

#include "common/account_index.h"
#include "tests/support/temporary_directory.h"

namespace labgpu {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr IdRange kIds{20000, 20005};

class FakeHost final : public HostNames {
 public:
  std::set<std::string> names;
  std::set<uint32_t> ids;
  bool broken = false;
  Result<bool> has_name(const std::string& name) const override {
    if (broken) return fail(ErrorCode::kSystem, "the directory service is down");
    return names.contains(name);
  }
  Result<bool> has_id(uint32_t id) const override { return ids.contains(id); }
};

class AccountStoreTest : public testing::Test {
 protected:
  void SetUp() override { open_store(); }

  void open_store() {
    auto opened = AccountStore::open(state_, kIds, host_);
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = std::move(*opened);
  }
  AccountPointer add(const std::string& name) {
    auto created = try_to_add(name);
    EXPECT_TRUE(created) << created.error().message;
    return created.value_or(nullptr);
  }
  Result<AccountPointer> try_to_add(const std::string& name) {
    auto id = store_->reserve_id(name);
    if (!id) return Failed(id.error());
    Account account;
    account.name = name;
    account.uid = account.gid = *id;
    account.home = "/home/" + name;
    account.authorized_keys = {"ssh-ed25519 AAAA " + name};
    return store_->create(account);
  }
  bool is_indexed(const std::string& name) const {
    char buffer[512];
    IndexedAccount found;
    return find_account((state_ + "/nss/passwd.cdb").c_str(), name, buffer, found) == 0;
  }
  std::string file(const std::string& name) const { return test::read_file(state_ + "/" + name); }
  bool exists(const std::string& name) const {
    return access((state_ + "/" + name).c_str(), F_OK) == 0;
  }

  test::TemporaryDirectory directory_;
  std::string state_ = directory_ / "state";
  FakeHost host_;
  std::unique_ptr<AccountStore> store_;
};

TEST_F(AccountStoreTest, ANewAccountIsRecordedIndexedAndHasItsKeys) {
  auto alice = add("alice");
  EXPECT_EQ(alice->uid, 20001U);
  EXPECT_EQ(store_->find("alice"), alice);
  EXPECT_EQ(store_->find(20001), alice);
  EXPECT_TRUE(is_indexed("alice"));
  EXPECT_THAT(file("keys/alice"), HasSubstr("ssh-ed25519 AAAA alice\n"));
  EXPECT_THAT(file("users/alice.json"), HasSubstr("\"userName\": \"alice\""));
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
  EXPECT_EQ(mode("tombstones"), 0700U);
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
  test::write_file(state_ + "/nss/passwd.cdb", "damaged");
  test::write_file(state_ + "/keys/alice", "ssh-ed25519 FOREIGN");
  test::write_file(state_ + "/keys/mallory", "ssh-ed25519 FOREIGN");
  open_store();
  EXPECT_TRUE(is_indexed("alice"));
  EXPECT_THAT(file("keys/alice"), testing::Not(HasSubstr("FOREIGN")));
  EXPECT_FALSE(exists("keys/mallory"));
}

TEST_F(AccountStoreTest, BadAndTakenNamesAreRefused) {
  host_.names = {"hostuser"};
  add("alice");
  const std::vector<std::pair<std::string, ErrorCode>> refused = {
      {"../x", ErrorCode::kInvalid},    {"", ErrorCode::kInvalid},
      {"-x", ErrorCode::kInvalid},      {std::string(200, 'a'), ErrorCode::kInvalid},
      {"Alice", ErrorCode::kInvalid},   {"_alice", ErrorCode::kInvalid},
      {"root", ErrorCode::kInvalid},    {"labgpu", ErrorCode::kInvalid},
      {"hostuser", ErrorCode::kExists}, {"alice", ErrorCode::kExists}};
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
  auto opened = AccountStore::open(state_, kIds, host_);
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
  // Also when what is left of alice was lost.
  ASSERT_TRUE(store_->remove(store_->find("bob")));
  std::filesystem::remove_all(state_ + "/tombstones");
  open_store();
  EXPECT_EQ(add("carol")->uid, 20004U);
  // And when the mark was lost, but the record is there.
  ASSERT_EQ(unlink((state_ + "/last_id").c_str()), 0);
  open_store();
  EXPECT_EQ(add("dave")->uid, 20005U);
  auto none = store_->reserve_id("erin");
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().message, HasSubstr("ids.last"));
}

TEST_F(AccountStoreTest, ARemovedAccountLeavesATombstoneOnly) {
  add("bob");
  ASSERT_TRUE(store_->remove(add("alice")));
  EXPECT_EQ(store_->find("alice"), nullptr);
  EXPECT_FALSE(is_indexed("alice"));
  EXPECT_TRUE(is_indexed("bob"));
  EXPECT_FALSE(exists("users/alice.json"));
  EXPECT_FALSE(exists("keys/alice"));
  EXPECT_THAT(file("tombstones/alice.20002.json"), HasSubstr("20002"));
}

TEST_F(AccountStoreTest, ACrashInTheMiddleOfARemovalDoesNotBringTheAccountBack) {
  add("alice");
  auto record = file("users/alice.json");
  ASSERT_TRUE(store_->remove(store_->find("alice")));
  test::write_file(state_ + "/users/alice.json", record);
  open_store();
  EXPECT_EQ(store_->find("alice"), nullptr);
  EXPECT_FALSE(is_indexed("alice"));
  EXPECT_TRUE(exists("users/alice.json"));  // nothing is deleted that might be wanted
  EXPECT_EQ(add("alice")->uid, 20002U);
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
  test::write_file(state_ + "/users/alice.json", record.dump());
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
  test::write_file(state_ + "/users/alice.json", "{\"userName\":");
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
  test::write_file(state_ + "/users/bob.json", file("users/alice.json"));
  auto clash = file("users/alice.json");
  clash.replace(clash.find("\"alice\""), 7, "\"zoe\"");
  test::write_file(state_ + "/users/zoe.json", clash);
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
    store_.reset();
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
  std::set<std::string> all_files() const {
    std::set<std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(state_)) {
      files.insert(entry.path());
    }
    return files;
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
}  // namespace labgpu
