// Many accounts at once: all or none, also when the helper ends in the middle.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <functional>
#include <optional>

#include "tests/unit/helper_accounts/store_fixture.h"

namespace labgpu::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class AccountBatchTest : public StoreFixture {
 protected:
  Result<std::vector<AccountPointer>> create(const std::vector<Account>& accounts) {
    return testing_support::run_task(loop_, store_->create_all(accounts));
  }
  Result<std::vector<uint32_t>> reserve(const std::vector<std::string>& names) {
    return testing_support::run_task(loop_, store_->reserve_ids(names));
  }
  std::string refusal(const std::vector<Account>& accounts) {
    auto created = create(accounts);
    return created ? "accepted" : created.error().message;
  }
  static std::vector<std::string> many_names(size_t count) {
    std::vector<std::string> names;
    for (size_t i = 0; i < count; ++i) names.push_back("u" + std::to_string(i));
    return names;
  }
  std::vector<Account> many(const std::vector<std::string>& names) {
    auto ids = reserve(names).value();
    std::vector<Account> accounts;
    for (size_t i = 0; i < names.size(); ++i) accounts.push_back(account(names[i], ids[i]));
    return accounts;
  }
  void expect_nothing_of(const std::vector<std::string>& names) {
    for (const auto& name : names) {
      EXPECT_EQ(store_->find(name), nullptr) << name;
      EXPECT_FALSE(is_indexed(name)) << name;
      EXPECT_FALSE(exists("users/" + name + ".json")) << name;
      EXPECT_FALSE(exists("keys/" + name)) << name;
    }
    EXPECT_FALSE(exists("unfinished.json"));
  }
};

TEST_F(AccountBatchTest, AllAreRecordedIndexedAndHaveTheirKeys) {
  auto ids = reserve({"alice", "bob"});
  ASSERT_TRUE(ids) << ids.error().message;
  EXPECT_THAT(*ids, ElementsAre(20001, 20002));
  auto created = create({account("alice", 20001), account("bob", 20002)});
  ASSERT_TRUE(created) << created.error().message;
  EXPECT_THAT(*created, ElementsAre(store_->find("alice"), store_->find(20002)));
  EXPECT_FALSE(exists("unfinished.json"));
  for (int restarts = 0; restarts < 2; ++restarts) {
    for (const std::string name : {"alice", "bob"}) {
      ASSERT_NE(store_->find(name), nullptr);
      EXPECT_TRUE(is_indexed(name));
      EXPECT_THAT(file("keys/" + name), HasSubstr("AAAA " + name));
    }
    open_store();
  }
}

TEST_F(AccountBatchTest, TheyCanBeChangedAndRemovedLikeOthers) {
  ASSERT_TRUE(create({account("alice", 5000)}));
  auto alice = store_->find("alice");
  Account changed = *alice;
  changed.real_name = "Alice";
  auto stored = store_->put_if_unchanged(alice, changed);
  ASSERT_TRUE(stored) << stored.error().message;
  EXPECT_TRUE(store_->remove(*stored));
}

TEST_F(AccountBatchTest, GivenIdsAreKeptAndMayBeOutsideOfTheRange) {
  ASSERT_TRUE(reserve({"bob"}));
  EXPECT_EQ(refusal({account("alice", 5000), account("bob", 20001), account("carol", 20005)}),
            "accepted");
  EXPECT_THAT(file("ids/5000.json"), HasSubstr("alice"));
  // What is given out later goes around them.
  EXPECT_EQ(reserve({"d", "e", "f"}).value(), (std::vector<uint32_t>{20002, 20003, 20004}));
  EXPECT_THAT(reserve({"g"}).error().message, HasSubstr("ids.last"));
}

TEST_F(AccountBatchTest, AnIdThatAnybodyHasOrHadIsRefused) {
  host_.ids = {1000};
  ASSERT_TRUE(create({account("alice", 5000)}));
  ASSERT_TRUE(store_->remove(store_->find("alice")));
  ASSERT_TRUE(store_->reserve_id("bob"));
  EXPECT_THAT(refusal({account("x", 5000)}), HasSubstr("x: id 5000 is or was alice's"));
  EXPECT_THAT(refusal({account("x", 20001)}), HasSubstr("is or was bob's"));
  EXPECT_THAT(refusal({account("x", 1000)}), HasSubstr("the server has"));
  EXPECT_THAT(refusal({account("x", 20000)}), HasSubstr("the group's of all accounts"));
  EXPECT_THAT(refusal({account("x", 65534)}), HasSubstr("uid is not an id for a person"));
  EXPECT_THAT(refusal({account("x", 6000), account("y", 6000)}), HasSubstr("is or was x's"));
  expect_nothing_of({"x", "y"});
  EXPECT_TRUE(store_->check_given_id(6000, "x"));
}

TEST_F(AccountBatchTest, AnAccountThatComesBackMayHaveItsIdAgain) {
  ASSERT_TRUE(create({account("alice", 5000)}));
  ASSERT_TRUE(store_->remove(store_->find("alice")));
  auto bad = account("bob", 6000);
  bad.real_name = "a:b";
  EXPECT_THAT(refusal({account("alice", 5000), bad}), HasSubstr("bob: realName"));
  EXPECT_THAT(file("ids/5000.json"), HasSubstr("alice"));
  EXPECT_EQ(store_->check_given_id(5000, "bob").error().code, ErrorCode::kExists);
  EXPECT_EQ(refusal({account("alice", 5000)}), "accepted");
  EXPECT_EQ(refusal({account("alice", 5000)}), "labgpu has a user alice already");
  open_store();
  ASSERT_NE(store_->find("alice"), nullptr);
  EXPECT_EQ(store_->find("alice")->uid, 5000U);
}

TEST_F(AccountBatchTest, OneBadAccountLeavesNone) {
  host_.names = {"hostuser"};
  add("bob");
  auto bad = account("carol", 6001);
  bad.real_name = "a:b";
  EXPECT_THAT(refusal({account("alice", 6000), account("bob", 6001)}), HasSubstr("has a user bob"));
  EXPECT_THAT(refusal({account("alice", 6000), account("hostuser", 6001)}), HasSubstr("hostuser"));
  EXPECT_THAT(refusal({account("alice", 6000), bad}), HasSubstr("carol: realName"));
  EXPECT_THAT(refusal({account("alice", 6000), account("alice", 6001)}),
              HasSubstr("a user alice is being made already"));
  expect_nothing_of({"alice", "carol"});
  EXPECT_THAT(reserve({"alice", "bob"}).error().message, HasSubstr("has a user bob"));
  EXPECT_THAT(reserve({"alice", "alice"}).error().message, HasSubstr("alice is among the new"));
  EXPECT_EQ(reserve({"alice"}).value(), (std::vector<uint32_t>{20002}));
}

TEST_F(AccountBatchTest, WhatCannotBeIndexedIsTakenBack) {
  auto accounts = many({"alice", "bob"});
  std::filesystem::remove_all(state_ + "/nss");
  EXPECT_THAT(refusal(accounts), HasSubstr("/nss"));
  expect_nothing_of({"alice", "bob"});
  ASSERT_EQ(mkdir((state_ + "/nss").c_str(), 0755), 0);
  EXPECT_EQ(refusal(accounts), "accepted");
}

TEST_F(AccountBatchTest, OthersHaveTheirTurnMeanwhile) {
  open_store({20000, 21000});
  auto accounts = many(many_names(200));
  int turns = 0;
  std::function<void()> turn = [&] {
    if (turns++ == 1) {
      // A name that is being made is taken, and its account is not there yet.
      EXPECT_EQ(store_->find("u0"), nullptr);
      EXPECT_EQ(store_->reserve_id("u0").error().code, ErrorCode::kExists);
      EXPECT_NE(add("alice"), nullptr);
    }
    loop_.post(turn);
  };
  loop_.post(turn);
  EXPECT_EQ(refusal(accounts), "accepted");
  EXPECT_GT(turns, 3);
  EXPECT_TRUE(is_indexed("alice"));
  EXPECT_TRUE(is_indexed("u199"));
}

TEST_F(AccountBatchTest, TwoBatchesAtOnceBothCome) {
  open_store({20000, 21000});
  auto first = many(many_names(100));
  std::optional<Result<std::vector<AccountPointer>>> outcome;
  auto second = testing_support::keep_result(store_->create_all({account("bob", 5000)}), outcome);
  auto create_first = store_->create_all(first);
  std::optional<Result<std::vector<AccountPointer>>> of_first;
  auto keeper = testing_support::keep_result(std::move(create_first), of_first);
  keeper.start();
  second.start();
  testing_support::run_until(loop_, [&] { return outcome && of_first; });
  EXPECT_TRUE(*outcome);
  EXPECT_TRUE(*of_first);
  EXPECT_EQ(store_->list().size(), 101U);
}

// A batch that is let go of before its end, as when the caller's connection ends.
TEST_F(AccountBatchTest, ABatchThatIsStoppedLeavesNothing) {
  open_store({20000, 21000});
  auto names = many_names(200);
  auto accounts = many(names);
  for (int turns : {1, 3, 5, 7, 9}) {
    std::optional<Result<std::vector<AccountPointer>>> outcome;
    {
      auto task = testing_support::keep_result(store_->create_all(accounts), outcome);
      task.start();
      for (int i = 0; i < turns; ++i) loop_.run_once(std::chrono::milliseconds(10));
      EXPECT_FALSE(outcome) << turns;
    }
    expect_nothing_of(names);
  }
  EXPECT_EQ(refusal(accounts), "accepted");
}

// What a crash leaves: the list of the batch, and any part of what is in it.
TEST_F(AccountBatchTest, AtTheNextStartAnUnfinishedBatchIsGone) {
  add("zoe");
  auto batch = testing_support::run_task(
      loop_,
      records_->create_all({{RecordKind::kIds, "5000", "{\"userName\":\"alice\"}"},
                            {RecordKind::kUsers, "alice", record_text(account("alice", 5000))}}));
  ASSERT_TRUE(batch);
  auto list = file("unfinished.json");
  auto record = file("users/alice.json");
  EXPECT_THAT(list, HasSubstr("users/alice.json"));
  EXPECT_THAT(record, HasSubstr("alice"));
  batch->reset();
  expect_nothing_of({"alice"});
  write_file(state_ + "/unfinished.json", list);
  write_file(state_ + "/users/alice.json", record);
  write_file(state_ + "/users/.alice.json.new", record);
  open_store();
  expect_nothing_of({"alice"});
  EXPECT_FALSE(exists("ids/5000.json"));
  EXPECT_NE(store_->find("zoe"), nullptr);
  EXPECT_EQ(refusal({account("alice", 5000)}), "accepted");
}

TEST_F(AccountBatchTest, AListThatLeadsElsewhereRemovesNothing) {
  add("zoe");
  write_file(state_ + "/kept.json", "");
  for (const char* list :
       {"{", "{}", R"({"documents": [5]})", R"({"documents": ["users/../kept.json"]})",
        R"({"documents": ["../state/kept.json"]})", R"({"documents": ["kept.json"]})",
        R"({"documents": ["keys/zoe"]})", R"({"documents": ["users/zoe.json", "users"]})"}) {
    close_store();
    write_file(state_ + "/unfinished.json", list);
    auto opened = FileRecordStore::open(loop_, state_);
    ASSERT_FALSE(opened) << list;
    EXPECT_THAT(opened.error().message, HasSubstr("unfinished.json is damaged, so delete it"));
    EXPECT_TRUE(exists("kept.json"));
    EXPECT_TRUE(exists("keys/zoe"));
    EXPECT_TRUE(exists("users/zoe.json"));
  }
}

TEST_F(AccountBatchTest, AFullDiskLeavesNone) {
  add("zoe");
  auto accounts = many({"alice", "bob"});
  accounts[1].real_name = std::string(10000, 'r');
  auto before = all_files();
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &limit), 0);
  auto* handler = signal(SIGXFSZ, SIG_IGN);
  const rlimit small{.rlim_cur = 8192, .rlim_max = limit.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  auto refused = refusal(accounts);
  setrlimit(RLIMIT_FSIZE, &limit);
  signal(SIGXFSZ, handler);
  EXPECT_THAT(refused, HasSubstr("users/bob.json"));
  EXPECT_EQ(all_files(), before);
  expect_nothing_of({"alice", "bob"});
}

TEST_F(AccountBatchTest, TheIndexIsWrittenOnceForAll) {
  open_store({20000, 40000});
  auto accounts = many(many_names(1000));
  auto inode = [this] {
    struct stat status {};
    EXPECT_EQ(stat((state_ + "/nss/passwd.cdb").c_str(), &status), 0);
    return status.st_ino;
  };
  std::set<ino_t> seen{inode()};
  std::function<void()> look = [&] {
    seen.insert(inode());
    loop_.post(look);
  };
  loop_.post(look);
  EXPECT_EQ(refusal(accounts), "accepted");
  seen.insert(inode());
  EXPECT_EQ(seen.size(), 2U);
}

}  // namespace
}  // namespace labgpu::test
