// A store of accounts in a directory of the test's own, on a host whose names the test chooses.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <set>
#include <string>

#include "common/account_index.h"
#include "helper/account_store.h"
#include "helper/file_record_store.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/helper_docker/run_task.h"

namespace labgpu::test {

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

class StoreFixture : public testing::Test {
 protected:
  static constexpr IdRange kIds{20000, 20005};

  void SetUp() override { open_store(); }

  void open_store(IdRange ids = kIds) {
    close_store();
    auto records = FileRecordStore::open(loop_, state_);
    ASSERT_TRUE(records) << records.error().message;
    records_ = std::move(*records);
    auto opened = AccountStore::open(loop_, *records_, state_, ids, host_);
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = std::move(*opened);
  }
  void close_store() {
    store_.reset();
    records_.reset();
  }

  static Account account(const std::string& name, uint32_t id) {
    Account made;
    made.name = name;
    made.uid = made.gid = id;
    made.home = "/home/" + name;
    made.authorized_keys = {"ssh-ed25519 AAAA " + name};
    return made;
  }
  AccountPointer add(const std::string& name) {
    auto created = try_to_add(name);
    EXPECT_TRUE(created) << created.error().message;
    return created.value_or(nullptr);
  }
  Result<AccountPointer> try_to_add(const std::string& name) {
    auto id = store_->reserve_id(name);
    if (!id) return Failed(id.error());
    return store_->create(account(name, *id));
  }

  bool is_indexed(const std::string& name) const {
    char buffer[512];
    IndexedAccount found;
    return find_account((state_ + "/nss/passwd.cdb").c_str(), name, buffer, found) == 0;
  }
  std::string file(const std::string& name) const { return read_file(state_ + "/" + name); }
  bool exists(const std::string& name) const {
    return access((state_ + "/" + name).c_str(), F_OK) == 0;
  }
  std::set<std::string> all_files() const {
    std::set<std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(state_)) {
      files.insert(entry.path());
    }
    return files;
  }

  TemporaryDirectory directory_;
  std::string state_ = directory_ / "state";
  FakeHost host_;
  EventLoop loop_;
  std::unique_ptr<RecordStore> records_;
  std::unique_ptr<AccountStore> store_;
};

}  // namespace labgpu::test
