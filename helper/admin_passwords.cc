// SetPassword and ChangeOwnPassword of org.labgpu.
#include "helper/account_password.h"
#include "helper/admin_methods.h"
#include "helper/admin_replies.h"
#include "helper/password.h"

namespace labgpu {

namespace {

struct PasswordChange {
  Secret password;
  bool generate = false;
  std::optional<bool> change_now;
  std::optional<bool> locked;
};

// `hash`: of the new password, if there is one.
Result<void> apply(const PasswordChange& change, const std::optional<std::string>& hash,
                   Account& account) {
  if (!change.password.text && !change.change_now && !change.locked) {
    return fail(ErrorCode::kInvalid, "say what to do with the password of " + account.name);
  }
  Result<void> done;
  if (hash) done = assign_password_hash(account, *hash);
  if (done && change.change_now) done = mark_password_for_change(account, *change.change_now);
  if (done && change.locked) done = lock_password(account, *change.locked);
  return done;
}

}  // namespace

Task<Result<std::optional<std::string>>> AdminMethods::hash_given(const Secret& password) {
  if (!password.text || password.text->empty()) co_return password.text;
  auto hashing = passwords_.hash(password);
  auto hash = co_await hashing;
  if (!hash) co_return Failed(hash.error());
  co_return std::move(*hash);
}

Task<VarlinkReply> AdminMethods::set_password(const nlohmann::json& parameters) {
  JsonFields fields(parameters, "");
  PasswordChange wanted{Secret(fields.text("password")), fields.boolean("generate").value_or(false),
                        fields.boolean("changeNow"), fields.boolean("locked")};
  auto asked = named_account(accounts_, fields);
  if (!asked) co_return VarlinkFailed(asked.error());
  if (wanted.generate) {
    auto made = generate_password(wanted.password);
    if (!made) co_return account_failed(made.error());
    if (!wanted.change_now) wanted.change_now = true;
  }
  auto hashing = hash_given(wanted.password);
  auto hash = co_await hashing;
  if (!hash) co_return account_failed(hash.error());
  auto account = accounts_.get((*asked)->name);  // as it is after that took its time
  if (!account) co_return account_failed(account.error());
  Account changed = **account;
  if (auto done = apply(wanted, *hash, changed); !done) co_return account_failed(done.error());
  auto stored = change(*account, changed);
  if (!stored) co_return account_failed(stored.error());
  nlohmann::json reply = {{"user", user_reply(**stored, config_)}};
  if (wanted.generate) reply[kGeneratedPassword] = *wanted.password.text;
  co_return reply;
}

Task<VarlinkReply> AdminMethods::change_own_password(const nlohmann::json& parameters) {
  JsonFields fields(parameters, "");
  Secret old_password(fields.required_text("oldPassword"));
  Secret new_password(fields.required_text("newPassword"));
  auto account = named_account(accounts_, fields);
  if (!account) co_return VarlinkFailed(account.error());
  auto changing =
      passwords_.carry_out((*account)->name, std::make_shared<const PasswordChanges::Request>(
                                                 false, *old_password.text, *new_password.text));
  auto changed = co_await changing;
  if (!changed) co_return account_failed(changed.error());
  co_return nlohmann::json::object();
}

}  // namespace labgpu
