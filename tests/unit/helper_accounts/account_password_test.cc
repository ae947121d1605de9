// An account's password: set, locked, marked to be changed, and who may change it.
#include "helper/account_password.h"

#include <gmock/gmock.h>

#include "helper/password.h"

namespace labgpu {
namespace {

using testing::HasSubstr;

Account with_password() {
  Account account;
  account.name = "alice";
  EXPECT_TRUE(assign_password_hash(account, hash_password("geheim").value()));
  return account;
}

TEST(AccountPassword, IsSetAndTakenAway) {
  Account account = with_password();
  EXPECT_TRUE(has_password(account));
  EXPECT_TRUE(verify_password("geheim", account.hashed_password));
  ASSERT_TRUE(assign_password_hash(account, ""));
  EXPECT_FALSE(has_password(account));
}

TEST(AccountPassword, IsLockedAndUnlockedAsOftenAsSomebodyLikes) {
  Account account = with_password();
  auto hash = account.hashed_password;
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(lock_password(account, true));
    EXPECT_EQ(account.hashed_password, "!" + hash);
    EXPECT_TRUE(password_is_locked(account) && has_password(account));
  }
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(lock_password(account, false));
    EXPECT_EQ(account.hashed_password, hash);
    EXPECT_FALSE(password_is_locked(account));
  }
}

TEST(AccountPassword, ANewOneIsNeitherLockedNorToBeChanged) {
  Account account = with_password();
  ASSERT_TRUE(lock_password(account, true));
  ASSERT_TRUE(mark_password_for_change(account, true));
  EXPECT_TRUE(account.password_change_now);
  ASSERT_TRUE(assign_password_hash(account, hash_password("another").value()));
  EXPECT_FALSE(account.password_change_now || password_is_locked(account));
}

TEST(AccountPassword, NoneCannotBeLockedOrMarked) {
  Account account;
  account.name = "alice";
  for (const auto& done : {lock_password(account, true), mark_password_for_change(account, true)}) {
    ASSERT_FALSE(done);
    EXPECT_THAT(done.error().message, HasSubstr("alice has no password"));
  }
  EXPECT_FALSE(account.password_change_now);
}

TEST(AccountPassword, OfAnAccountOfTheHostIsTheHosts) {
  Account account = with_password();
  account.password_change_now = true;
  EXPECT_TRUE(password_must_change(account));
  EXPECT_TRUE(check_password_is_own(account));
  account.bridged = true;
  EXPECT_FALSE(password_must_change(account));
  auto hash = account.hashed_password;
  for (const auto& done : {assign_password_hash(account, hash_password("another").value()),
                           assign_password_hash(account, ""), lock_password(account, true),
                           mark_password_for_change(account, false)}) {
    ASSERT_FALSE(done);
    EXPECT_THAT(done.error().message,
                HasSubstr("alice is an account of this server, whose password is not labgpu's to "
                          "change: use passwd"));
  }
  EXPECT_EQ(account.hashed_password, hash);
  EXPECT_TRUE(account.password_change_now);
}

TEST(AccountPassword, ItsOwnerMayChangeOneThatIsGood) {
  Account account = with_password();
  EXPECT_EQ(refusal_of_password_change(account), std::nullopt);
  account.password_change_now = true;
  EXPECT_EQ(refusal_of_password_change(account), std::nullopt);
  ASSERT_TRUE(lock_password(account, true));
  EXPECT_THAT(refusal_of_password_change(account).value_or(""), HasSubstr("password is locked"));
  ASSERT_TRUE(assign_password_hash(account, ""));
  EXPECT_THAT(refusal_of_password_change(account).value_or(""), HasSubstr("no password"));
  account = with_password();
  account.locked = true;
  EXPECT_THAT(refusal_of_password_change(account).value_or(""), HasSubstr("account is locked"));
  account.locked = false;
  account.not_after = 1;
  EXPECT_THAT(refusal_of_password_change(account).value_or(""), HasSubstr("expired"));
}

}  // namespace
}  // namespace labgpu
