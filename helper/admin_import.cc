// Methods of org.labgpu for many accounts at once: a class, or a move to another server.
#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "helper/account_edits.h"
#include "helper/account_password.h"
#include "helper/admin_methods.h"
#include "helper/admin_replies.h"
#include "helper/home_directory.h"
#include "helper/password.h"
#include "helper/port_reservations.h"
#include "helper/settings_json.h"
#include "helper/settings_values.h"

namespace labgpu {

namespace {

using nlohmann::json;

constexpr size_t kPortion = 16;  // what is done between two turns of the event loop

// One of the accounts to be, with why it cannot be.
struct Candidate {
  Account account;  // uid 0: any
  Secret password{std::nullopt};
  bool password_is_generated = false;
  std::string problem;

  void refuse(const Error& error) {
    if (problem.empty()) problem = error.message;
  }
};
using Candidates = std::vector<std::unique_ptr<Candidate>>;

void take_keys(Candidate& candidate, const std::vector<std::string>& lines) {
  for (size_t i = 0; i < lines.size(); ++i) {
    auto key = parse_ssh_key(lines[i]);
    if (key) {
      put_key(candidate.account, *key);
    } else if (lines.size() == 1) {
      candidate.refuse(key.error());
    } else {
      auto which = "line " + std::to_string(i + 1) + " of authorizedKeys";
      candidate.refuse(wrap(which, key.error()).value());
    }
  }
}

void take_dates(Candidate& candidate, JsonFields& fields) {
  auto& account = candidate.account;
  struct Date {
    std::optional<Microseconds>& value;
    const char* text;
    const char* number;
    PartOfDay part;
  };
  for (const auto& date :
       {Date{account.not_before, "notBefore", "notBeforeUSec", PartOfDay::kStart},
        Date{account.not_after, "notAfter", "notAfterUSec", PartOfDay::kEnd}}) {
    date.value = fields.number(date.number);
    auto text = fields.text(date.text);
    if (!text) continue;
    auto assigned = assign_date(date.value, date.text, *text, date.part);
    if (!assigned) candidate.refuse(assigned.error());
  }
}

void take_settings_of(Candidate& candidate, JsonFields& fields) {
  if (const auto* settings = fields.object("settings")) {
    JsonFields inside(*settings, "settings");
    candidate.account.settings = take_settings(inside);
    if (auto done = inside.finish_strict(); !done) candidate.refuse(done.error());
  }
  for (const auto& assignment : fields.texts("assignments").value_or(std::vector<std::string>{})) {
    auto done = assign(candidate.account, assignment);
    if (!done) candidate.refuse(done.error());
  }
}

// With `generate`, an entry without a password gets one, which has to be changed unless the entry
// says otherwise.
void take_password(Candidate& candidate, JsonFields& fields, bool generate) {
  auto& account = candidate.account;
  account.hashed_password = fields.text("hashedPassword").value_or("");
  candidate.password.text = fields.text("password");
  candidate.password_is_generated = generate && !candidate.password.text && !has_password(account);
  account.password_change_now =
      fields.boolean("passwordChangeNow").value_or(candidate.password_is_generated);
  if (!candidate.password_is_generated) return;
  auto made = generate_password(candidate.password);
  if (!made) candidate.refuse(made.error());
}

// Everything that is to be known of one entry alone.
std::unique_ptr<Candidate> read_candidate(const json& entry, bool generate_passwords) {
  auto candidate = std::make_unique<Candidate>();
  JsonFields fields(entry, "");
  auto& account = candidate->account;
  account.name = fields.required_text("name");
  account.real_name = fields.text("realName").value_or("");
  account.uid = account.gid = fields.id("uid").value_or(0);
  account.locked = fields.boolean("locked").value_or(false);
  account.profile = fields.text("profile").value_or("");
  take_password(*candidate, fields, generate_passwords);
  take_keys(*candidate, fields.texts("authorizedKeys").value_or(std::vector<std::string>{}));
  take_dates(*candidate, fields);
  take_settings_of(*candidate, fields);
  if (auto done = fields.finish_strict(); !done) candidate->problem = done.error().message;
  if (candidate->password.text && !account.hashed_password.empty()) {
    candidate->refuse({ErrorCode::kInvalid, "password and hashedPassword are both given"});
  }
  if (account.password_change_now && !candidate->password.text && !has_password(account)) {
    candidate->refuse({ErrorCode::kInvalid, "passwordChangeNow is given without a password"});
  }
  return candidate;
}

// What each must not have in common with another one.
void compare(Candidates& candidates) {
  std::map<std::string, int> names;
  std::map<uint32_t, int> uids;
  for (const auto& each : candidates) {
    ++names[each->account.name];
    if (each->account.uid != 0) ++uids[each->account.uid];
  }
  for (const auto& each : candidates) {
    const auto& account = each->account;
    if (names[account.name] > 1) {
      each->refuse({ErrorCode::kExists, "the name " + account.name + " is there more than once"});
    }
    if (account.uid != 0 && uids[account.uid] > 1) {
      each->refuse(
          {ErrorCode::kExists, "uid " + std::to_string(account.uid) + " is there more than once"});
    }
  }
}

json progress(const char* step, size_t done, size_t total) {
  return {{"progress", {{"step", step}, {"done", done}, {"total", total}}}};
}

// Lets the event loop turn once in a while, and tells how far a step is.
Task<void> go_on(EventLoop& loop, const VarlinkCall& call, const char* step, size_t done,
                 size_t total) {
  if (done % kPortion != 0 && done != total) co_return;
  call.tell(progress(step, done, total));
  co_await loop.turn();
}

json report(const Candidates& candidates, bool imported) {
  json users = json::array();
  for (const auto& each : candidates) {
    json user = {{"name", each->account.name}};
    if (each->account.uid != 0) user["uid"] = each->account.uid;
    if (!each->problem.empty()) user["problem"] = each->problem;
    if (imported && each->password_is_generated) user[kGeneratedPassword] = *each->password.text;
    users.push_back(std::move(user));
  }
  return {{"imported", imported}, {"users", std::move(users)}};
}

bool has_problem(const Candidates& candidates) {
  return std::any_of(candidates.begin(), candidates.end(),
                     [](const auto& each) { return !each->problem.empty(); });
}

size_t count_passwords(const Candidates& candidates) {
  return static_cast<size_t>(
      std::count_if(candidates.begin(), candidates.end(),
                    [](const auto& each) { return each->password.text.has_value(); }));
}

// Home directories that go again unless their accounts are made.
class NewHomes {
 public:
  NewHomes() = default;
  NewHomes(const NewHomes&) = delete;
  NewHomes& operator=(const NewHomes&) = delete;
  ~NewHomes() {
    for (const auto& path : made_) remove_new_home(path);
  }
  Result<void> make(const Account& account, const std::vector<uint32_t>& former_ids) {
    auto made = make_home(account.home, account.uid, account.gid, former_ids);
    if (!made) return Failed(made.error());
    if (*made) made_.push_back(account.home);
    return {};
  }
  void keep() { made_.clear(); }

 private:
  std::vector<std::string> made_;
};

json exported(const Account& account, bool secrets) {
  json user = {{"name", account.name}, {"uid", account.uid}};
  if (!account.real_name.empty()) user["realName"] = account.real_name;
  if (account.locked) user["locked"] = true;
  if (account.not_before) user["notBeforeUSec"] = *account.not_before;
  if (account.not_after) user["notAfterUSec"] = *account.not_after;
  if (!account.authorized_keys.empty()) user["authorizedKeys"] = account.authorized_keys;
  if (!account.profile.empty()) user["profile"] = account.profile;
  if (auto settings = to_json(account.settings); !settings.empty()) {
    user["settings"] = std::move(settings);
  }
  if (secrets && has_password(account)) {
    user["hashedPassword"] = account.hashed_password;
    if (account.password_change_now) user["passwordChangeNow"] = true;
  }
  return user;
}

}  // namespace

void AdminMethods::check_new_account(Account& account, TakenPorts& taken,
                                     std::string& problem) const {
  auto home = fill_in(config_.home, account.name);
  auto checked = accounts_.check_new_name(account.name)
                     .and_then([&] { return home.map([](const auto&) {}); })
                     .and_then([&] { return check_dates(account); })
                     .and_then([&] { return prepare_settings(account, taken); })
                     .and_then([&]() -> Result<void> {
                       return account.uid == 0
                                  ? Result<void>()
                                  : accounts_.check_given_id(account.uid, account.name);
                     });
  if (!checked) problem = checked.error().message;
  taken.add(account);
  if (home) account.home = *home;
}

// Nothing is made when anything is wrong, and all of it is told.
Task<VarlinkReply> AdminMethods::import_users(const VarlinkCall& call) {
  JsonFields fields(call.parameters, "");
  const auto* entries = fields.array("users");
  bool dry_run = fields.boolean("dryRun").value_or(false);
  bool generate_passwords = fields.boolean("generatePasswords").value_or(false);
  if (entries == nullptr || entries->empty()) fields.refuse("users", "must name users");
  if (auto finished = finish(fields); !finished) co_return VarlinkFailed(finished.error());

  Candidates candidates;
  auto taken = taken_ports(accounts_);
  for (const auto& entry : *entries) {
    candidates.push_back(read_candidate(entry, generate_passwords));
    auto& added = *candidates.back();
    if (added.problem.empty()) check_new_account(added.account, taken, added.problem);
    auto telling = go_on(loop_, call, "checking", candidates.size(), entries->size());
    co_await telling;
  }
  compare(candidates);
  if (dry_run || has_problem(candidates)) co_return report(candidates, false);

  auto passwords = count_passwords(candidates);
  for (size_t hashed = 0; const auto& each : candidates) {
    if (!each->password.text) continue;
    auto hashing = passwords_.hash(each->password);
    auto hash = co_await hashing;
    if (hash) {
      each->account.hashed_password = *hash;
    } else {
      each->refuse(hash.error());
    }
    call.tell(progress("hashing", ++hashed, passwords));
  }
  if (has_problem(candidates)) co_return report(candidates, false);

  std::vector<std::string> without_id;
  for (const auto& each : candidates) {
    if (each->account.uid == 0) without_id.push_back(each->account.name);
  }
  auto reserving = accounts_.reserve_ids(std::move(without_id));
  auto ids = co_await reserving;
  if (!ids) co_return account_failed(ids.error());
  auto id = ids->begin();
  std::vector<Account> accounts;
  NewHomes homes;
  for (const auto& each : candidates) {
    if (each->account.uid == 0) each->account.uid = each->account.gid = *id++;
    auto made = homes.make(each->account, accounts_.ids_of(each->account.name));
    if (!made) co_return account_failed(made.error());
    accounts.push_back(each->account);
    auto telling = go_on(loop_, call, "making", accounts.size(), candidates.size());
    co_await telling;
  }
  auto creating = accounts_.create_all(std::move(accounts));
  auto created = co_await creating;
  if (!created) co_return account_failed(created.error());
  homes.keep();
  co_return report(candidates, true);
}

VarlinkReply AdminMethods::export_users(const json& parameters) {
  JsonFields fields(parameters, "");
  auto names = fields.texts("names");
  bool secrets = fields.boolean("secrets").value_or(false);
  if (auto finished = finish(fields); !finished) return VarlinkFailed(finished.error());
  auto users = json::array();
  if (!names) {
    for (const auto& account : accounts_.list()) {
      if (!account->bridged) users.push_back(exported(*account, secrets));
    }
    return json{{"users", users}};
  }
  for (const auto& name : *names) {
    auto account = accounts_.get(name);
    if (!account) return account_failed(account.error());
    if ((*account)->bridged) {
      return account_failed({ErrorCode::kInvalid,
                             name + " is an account of this server, and not labgpu's to export"});
    }
    users.push_back(exported(**account, secrets));
  }
  return json{{"users", users}};
}

}  // namespace labgpu
