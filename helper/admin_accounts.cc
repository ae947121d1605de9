// Methods of org.labgpu that work on accounts and their keys.
#include <algorithm>
#include <utility>

#include "helper/account_edits.h"
#include "helper/account_password.h"
#include "helper/account_settings.h"
#include "helper/admin_methods.h"
#include "helper/admin_replies.h"
#include "helper/home_directory.h"
#include "helper/password.h"
#include "helper/port_reservations.h"
#include "helper/settings_values.h"
#include "helper/ssh_key.h"

namespace labgpu {

namespace {

struct NewUser {
  std::string name;
  std::string real_name;
  std::vector<SshKey> keys;
  Secret password;
  bool generate_password = false;
  std::string image;
  std::string not_after;
};

// Everything but the ids, the home and the password.
Result<Account> to_account(const NewUser& user) {
  Account account;
  account.name = user.name;
  account.real_name = user.real_name;
  for (const auto& key : user.keys) put_key(account, key);
  auto image = set_setting(account.settings, "image", user.image);
  if (!image) return Failed(image.error());
  auto expires = assign_date(account.not_after, kAssignNotAfter, user.not_after, PartOfDay::kEnd);
  if (!expires) return Failed(expires.error());
  return account;
}

}  // namespace

Result<AccountPointer> AdminMethods::change(const AccountPointer& seen, Account changed) {
  if (auto may = refuse_while_purged(seen->name); !may) return Failed(may.error());
  if (auto dates = check_dates(changed); !dates) return Failed(dates.error());
  if (!same_choices(changed, *seen)) {
    if (auto ready = prepare_settings(changed, taken_ports(accounts_)); !ready)
      return Failed(ready.error());
  }
  return accounts_.put_if_unchanged(seen, changed);
}

Result<AccountPointer> AdminMethods::create_account(Account account) {
  auto home = fill_in(config_.home, account.name);
  if (!home) return Failed(home.error());
  account.home = *home;
  auto id = accounts_.reserve_id(account.name);
  if (!id) return Failed(id.error());
  account.uid = account.gid = *id;
  if (auto ready = prepare_settings(account, taken_ports(accounts_)); !ready)
    return Failed(ready.error());

  // The home first: an account that can be looked up has one.
  auto made = make_home(account.home, account.uid, account.gid, accounts_.ids_of(account.name));
  if (!made) return Failed(made.error());
  auto created = accounts_.create(account);
  if (!created && *made) remove_new_home(account.home);
  return created;
}

Task<VarlinkReply> AdminMethods::add_user(const nlohmann::json& parameters) {
  JsonFields fields(parameters, "");
  auto lines = fields.texts("authorizedKeys").value_or(std::vector<std::string>{});
  NewUser user{fields.required_text("name"),
               fields.text("realName").value_or(""),
               {},
               Secret(fields.text("password")),
               fields.boolean("generatePassword").value_or(false),
               fields.text("image").value_or(""),
               fields.text("notAfter").value_or("")};
  if (auto finished = finish(fields); !finished) co_return VarlinkFailed(finished.error());
  for (size_t i = 0; i < lines.size(); ++i) {
    auto key = parse_ssh_key(lines[i]);
    if (!key) co_return key_failed(key.error(), i);
    user.keys.push_back(std::move(*key));
  }
  if (user.generate_password) {
    auto made = generate_password(user.password);
    if (!made) co_return account_failed(made.error());
  }
  auto account = to_account(user);
  if (!account) co_return account_failed(account.error());
  if (user.password.text) {
    auto hashing = passwords_.hash(user.password);
    auto hash = co_await hashing;
    if (!hash) co_return account_failed(hash.error());
    put_password_hash(*account, *hash);
    account->password_change_now = user.generate_password;
  }
  auto created = create_account(std::move(*account));
  if (!created) co_return account_failed(created.error());
  nlohmann::json reply = {{"user", user_reply(**created, config_)}};
  if (user.generate_password) reply[kGeneratedPassword] = *user.password.text;
  co_return reply;
}

VarlinkReply AdminMethods::list_users(const nlohmann::json& parameters) {
  JsonFields fields(parameters, "");
  if (auto finished = finish(fields); !finished) return VarlinkFailed(finished.error());
  auto users = nlohmann::json::array();
  for (const auto& account : accounts_.list()) {
    users.push_back(user_reply(*account, config_));
  }
  return nlohmann::json{{"users", users}};
}

VarlinkReply AdminMethods::get_user(const nlohmann::json& parameters) {
  JsonFields fields(parameters, "");
  auto account = named_account(accounts_, fields);
  if (!account) return VarlinkFailed(account.error());
  return nlohmann::json{{"user", user_reply(**account, config_)}};
}

Task<VarlinkReply> AdminMethods::set_user(const nlohmann::json& parameters) {
  JsonFields fields(parameters, "");
  auto assignments = fields.required_texts("assignments");
  Secret password(fields.text("password"));
  auto asked = named_account(accounts_, fields);
  if (!asked) co_return VarlinkFailed(asked.error());
  auto hashing = hash_given(password);
  auto hash = co_await hashing;
  if (!hash) co_return account_failed(hash.error());
  auto account = accounts_.get((*asked)->name);  // as it is after that took its time
  if (!account) co_return account_failed(account.error());
  Account changed = **account;
  for (const auto& assignment : assignments) {
    if (auto done = assign(changed, assignment); !done) co_return account_failed(done.error());
  }
  if (*hash) {
    auto done = assign_password_hash(changed, **hash);
    if (!done) co_return account_failed(done.error());
  }
  auto stored = change(*account, changed);
  if (!stored) co_return account_failed(stored.error());
  nlohmann::json reply = nlohmann::json::object();
  if (!same_choices(changed, **account)) {
    auto applying = apply_change(*stored);
    reply = co_await applying;
  }
  reply["user"] = user_reply(**stored, config_);
  co_return reply;
}

VarlinkReply AdminMethods::add_key(const nlohmann::json& parameters) {
  JsonFields fields(parameters, "");
  auto line = fields.required_text("key");
  auto account = named_account(accounts_, fields);
  if (!account) return VarlinkFailed(account.error());
  auto key = parse_ssh_key(line);
  if (!key) return key_failed(key.error(), 0);
  Account changed = **account;
  put_key(changed, *key);
  auto stored = change(*account, changed);
  if (!stored) return account_failed(stored.error());
  return nlohmann::json{{"key", key_reply(key->line)}};
}

VarlinkReply AdminMethods::list_keys(const nlohmann::json& parameters) {
  JsonFields fields(parameters, "");
  auto account = named_account(accounts_, fields);
  if (!account) return VarlinkFailed(account.error());
  return nlohmann::json{{"keys", keys_reply(**account)}};
}

VarlinkReply AdminMethods::remove_key(const nlohmann::json& parameters) {
  JsonFields fields(parameters, "");
  auto fingerprint = fields.required_text("fingerprint");
  auto account = named_account(accounts_, fields);
  if (!account) return VarlinkFailed(account.error());
  Account changed = **account;
  auto removed = std::erase_if(changed.authorized_keys, [&](const std::string& line) {
    auto key = parse_ssh_key(line);
    return key && key->fingerprint == fingerprint;
  });
  if (removed == 0) {
    return account_failed(
        {ErrorCode::kInvalid, (*account)->name + " has no key with the fingerprint " + fingerprint +
                                  "; labgpu key list shows the ones there are"});
  }
  auto stored = change(*account, changed);
  if (!stored) return account_failed(stored.error());
  return nlohmann::json::object();
}

}  // namespace labgpu
