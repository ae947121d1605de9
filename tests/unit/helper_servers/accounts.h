// A store of accounts in a directory of the test's own, on a host that has no other names.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

#include "helper/account_store.h"
#include "helper/file_record_store.h"
#include "tests/support/temporary_directory.h"

namespace labgpu::test {

class NoHostNames final : public HostNames {
 public:
  Result<bool> has_name(const std::string&) const override { return false; }
  Result<bool> has_id(uint32_t) const override { return false; }
};

class Accounts {
 public:
  explicit Accounts(EventLoop& loop) {
    std::filesystem::permissions(directory.path(), std::filesystem::perms(0755));
    records = std::move(FileRecordStore::open(loop, directory / "state").value());
    auto opened = AccountStore::open(loop, *records, directory / "state", {20000, 20100}, host_);
    if (!opened) throw std::runtime_error(opened.error().message);
    store = std::move(*opened);
  }
  AccountPointer add(const std::string& name, bool locked = false) {
    Account account;
    account.name = name;
    account.uid = account.gid = store->reserve_id(name).value();
    account.home = "/home/" + name;
    account.locked = locked;
    return store->create(account).value();
  }
  // With a record, as after a first login.
  AccountPointer add_of_host(const std::string& name, uint32_t uid) {
    Account account;
    account.name = name;
    account.uid = uid;
    account.gid = 100;
    account.home = "/home/" + name;
    account.bridged = true;
    return store->create_for_host(account).value();
  }

  void change(const std::string& name, const std::function<void(Account&)>& edit) const {
    auto seen = store->find(name);
    Account changed = *seen;
    edit(changed);
    EXPECT_TRUE(store->put_if_unchanged(seen, changed));
  }

  TemporaryDirectory directory;
  std::unique_ptr<RecordStore> records;
  std::unique_ptr<AccountStore> store;

 private:
  NoHostNames host_;
};

}  // namespace labgpu::test
