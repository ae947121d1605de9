// Methods of org.labgpu that work on accounts and their keys.
#include <algorithm>
#include <utility>

#include "helper/admin_methods.h"
#include "helper/admin_replies.h"
#include "helper/home_directory.h"
#include "helper/password.h"
#include "helper/settings_values.h"
#include "helper/ssh_key.h"

namespace labgpu {

namespace {

// A parameter's copy that is wiped.
struct Secret {
  std::optional<std::string> text;
  explicit Secret(std::optional<std::string> secret) : text(std::move(secret)) {}
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() {
    if (text) wipe(*text);
  }
};

constexpr char kNotBefore[] = "not_before";
constexpr char kNotAfter[] = "not_after";

struct NewUser {
  std::string name;
  std::string real_name;
  std::vector<std::string> keys;
  Secret password;
  std::string image;
  std::string not_after;
};

// Adds the key, in place of the same key with another comment or other options.
void put_key(Account& account, const SshKey& key) {
  for (auto& line : account.authorized_keys) {
    auto old = parse_ssh_key(line);
    if (old && old->fingerprint == key.fingerprint) {
      line = key.line;
      return;
    }
  }
  account.authorized_keys.push_back(key.line);
}

// An empty password ends logins by password.
Result<void> set_password(Account& account, const std::string& password) {
  if (password.empty()) {
    account.hashed_password.clear();
    return {};
  }
  auto hash = hash_password(password);
  if (!hash) return Failed(hash.error());
  account.hashed_password = *hash;
  return {};
}

Result<void> assign_date(std::optional<Microseconds>& date, const std::string& key,
                         const std::string& value, PartOfDay without_time) {
  if (value.empty()) {
    date.reset();
    return {};
  }
  auto parsed = parse_date(value, without_time);
  if (!parsed) {
    return fail(ErrorCode::kInvalid, key + " " + parsed.error().message + ", or empty for none");
  }
  date = *parsed;
  return {};
}

// Everything but the ids and the home.
Result<Account> to_account(const NewUser& user) {
  Account account;
  account.name = user.name;
  account.real_name = user.real_name;
  for (const auto& line : user.keys) {
    auto key = parse_ssh_key(line);
    if (!key) return Failed(key.error());
    put_key(account, *key);
  }
  if (user.password.text) {
    auto hash = hash_password(*user.password.text);
    if (!hash) return Failed(hash.error());
    account.hashed_password = *hash;
  }
  auto image = set_setting(account.settings, "image", user.image);
  if (!image) return Failed(image.error());
  auto expires = assign_date(account.not_after, kNotAfter, user.not_after, PartOfDay::kEnd);
  if (!expires) return Failed(expires.error());
  return account;
}

Result<void> assign(Account& account, const std::string& assignment) {
  auto equals = assignment.find('=');
  if (equals == std::string::npos) {
    return fail(ErrorCode::kInvalid, "\"" + assignment + "\" must be KEY=VALUE");
  }
  auto key = assignment.substr(0, equals);
  auto value = assignment.substr(equals + 1);
  if (key == "real_name") {
    account.real_name = value;
    return {};
  }
  if (key == "locked") {
    if (value != "yes" && value != "no") {
      return fail(ErrorCode::kInvalid, "locked must be yes or no");
    }
    account.locked = value == "yes";
    return {};
  }
  if (key == kNotBefore) {
    return assign_date(account.not_before, key, value, PartOfDay::kStart);
  }
  if (key == kNotAfter) return assign_date(account.not_after, key, value, PartOfDay::kEnd);
  auto set = set_setting(account.settings, key, value);
  if (!set && set.error().code == ErrorCode::kNotFound) {
    return fail(ErrorCode::kInvalid,
                set.error().message + ", real_name, locked, not_before, not_after");
  }
  return set;
}

}  // namespace

Result<AccountPointer> AdminMethods::change(const AccountPointer& seen, const Account& changed) {
  auto settings = resolve_settings(config_.defaults, changed.settings, changed.name);
  if (!settings) return Failed(settings.error());
  if (changed.not_before && changed.not_after && *changed.not_before > *changed.not_after) {
    return fail(ErrorCode::kInvalid, "not_after (" + date_text(*changed.not_after) +
                                         ") must be later than not_before (" +
                                         date_text(*changed.not_before) + ")");
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
  auto settings = resolve_settings(config_.defaults, account.settings, account.name);
  if (!settings) return Failed(settings.error());

  // The home first: an account that can be looked up has one.
  auto made = make_home(account.home, account.uid, account.gid);
  if (!made) return Failed(made.error());
  auto created = accounts_.create(account);
  if (!created && *made) remove_new_home(account.home);
  return created;
}

VarlinkReply AdminMethods::add_user(const nlohmann::json& parameters) {
  JsonFields fields(parameters, "");
  NewUser user{fields.required_text("name"),
               fields.text("realName").value_or(""),
               fields.texts("authorizedKeys").value_or(std::vector<std::string>{}),
               Secret(fields.text("password")),
               fields.text("image").value_or(""),
               fields.text("notAfter").value_or("")};
  if (auto finished = finish(fields); !finished) return VarlinkFailed(finished.error());
  auto account = to_account(user);
  if (!account) return account_failed(account.error());
  auto created = create_account(std::move(*account));
  if (!created) return account_failed(created.error());
  return nlohmann::json{{"user", user_reply(**created, config_.defaults)}};
}

VarlinkReply AdminMethods::list_users(const nlohmann::json& parameters) {
  JsonFields fields(parameters, "");
  if (auto finished = finish(fields); !finished) return VarlinkFailed(finished.error());
  auto users = nlohmann::json::array();
  for (const auto& account : accounts_.list()) {
    users.push_back(user_reply(*account, config_.defaults));
  }
  return nlohmann::json{{"users", users}};
}

VarlinkReply AdminMethods::get_user(const nlohmann::json& parameters) {
  JsonFields fields(parameters, "");
  auto account = named_account(accounts_, fields);
  if (!account) return VarlinkFailed(account.error());
  return nlohmann::json{{"user", user_reply(**account, config_.defaults)}};
}

VarlinkReply AdminMethods::set_user(const nlohmann::json& parameters) {
  JsonFields fields(parameters, "");
  auto assignments = fields.required_texts("assignments");
  Secret password(fields.text("password"));
  auto account = named_account(accounts_, fields);
  if (!account) return VarlinkFailed(account.error());
  Account changed = **account;
  for (const auto& assignment : assignments) {
    if (auto done = assign(changed, assignment); !done) return account_failed(done.error());
  }
  if (password.text) {
    if (auto done = set_password(changed, *password.text); !done) {
      return account_failed(done.error());
    }
  }
  auto stored = change(*account, changed);
  if (!stored) return account_failed(stored.error());
  return nlohmann::json{{"user", user_reply(**stored, config_.defaults)}};
}

VarlinkReply AdminMethods::add_key(const nlohmann::json& parameters) {
  JsonFields fields(parameters, "");
  auto line = fields.required_text("key");
  auto account = named_account(accounts_, fields);
  if (!account) return VarlinkFailed(account.error());
  auto key = parse_ssh_key(line);
  if (!key) return account_failed(key.error());
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
