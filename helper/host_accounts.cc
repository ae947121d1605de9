// Checks what the host says of an account, and keeps it.
#include "helper/host_accounts.h"

#include <algorithm>
#include <utility>

#include "common/parse.h"
#include "common/sshd_drop_in.h"
#include "helper/log.h"
#include "helper/port_reservations.h"
#include "helper/read_file.h"

namespace labgpu {

namespace {

// A directory may have any bytes there, and it is only for people to read.
std::string real_name_of(std::string_view text) {
  std::string name(text);
  std::erase_if(name, [](char c) {
    auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f || c == ':';
  });
  return name;
}

Failed refuse(const std::string& why) {
  return fail(ErrorCode::kDenied, why + "; ask the administrator");
}

Account describe(const std::string& user, const HostAccount& host) {
  Account account;
  account.name = user;
  account.bridged = true;
  account.uid = host.uid;
  account.gid = host.gid;
  account.home = std::string(host.home);
  account.real_name = real_name_of(host.real_name);
  // A group that a container could not have, such as "domain users", has the account's name there.
  bool usable = is_user_name(host.group) && host.group != "root" && host.group != user;
  if (usable) account.group = std::string(host.group);
  return account;
}

}  // namespace

HostAccounts::HostAccounts(AccountStore& accounts, const Config& config, std::string drop_in)
    : accounts_(accounts), config_(config), drop_in_(std::move(drop_in)) {}

Result<void> HostAccounts::check_drop_in() const {
  auto text = read_file(drop_in_).value_or("");
  auto served = groups_of_drop_in(text);
  for (const auto& group : config_.bridge.groups) {
    if (lists_group(served, group)) continue;
    return fail(ErrorCode::kInvalid, "sshd on this server is not set up for members of " + group +
                                         ": the administrator has to run labgpu setup");
  }
  return {};
}

Result<AccountPointer> HostAccounts::refresh(const AccountPointer& known, const Account& now) {
  if (!known->bridged) {
    return refuse("labgpu has an account " + known->name + " of its own beside the server's");
  }
  if (known->uid != now.uid) {
    return refuse("your uid on this server is " + std::to_string(now.uid) + ", and it was " +
                  std::to_string(known->uid) + " when your container was made");
  }
  Account changed = *known;
  changed.gid = now.gid;
  changed.group = now.group;
  changed.home = now.home;
  changed.real_name = now.real_name;
  if (to_json(changed) == to_json(*known)) return known;
  log(LogLevel::kNotice, "the server says something new of the account " + known->name,
      {{kLogUser, known->name}});
  return accounts_.put_if_unchanged(known, changed);
}

Result<AccountPointer> HostAccounts::admit(std::string_view user, const HostAccount& host) {
  std::string name(user);
  if (config_.bridge.groups.empty() || host.uid < config_.bridge.first_uid) {
    return refuse("no group of yours has containers on this server");
  }
  if (auto ready = check_drop_in(); !ready) return Failed(ready.error());
  if (host.home.size() > Identity::kMaxHome) {
    return refuse("the path of your home directory is longer than 255 bytes");
  }
  auto now = describe(name, host);
  if (auto known = accounts_.find(name)) return refresh(known, now);
  auto created = accounts_.create_for_host(now);
  if (!created) return refuse(created.error().message);
  log(LogLevel::kNotice, "the server's account " + name + " has a record from now on",
      {{kLogUser, name}});
  auto taken = taken_ports(accounts_);
  auto reserved = reserve_missing_ports(config_, accounts_, *created, taken);
  if (reserved) return reserved;
  // A login without a port is worth more than none.
  log(LogLevel::kWarning, name + ": " + reserved.error().message, {{kLogUser, name}});
  return created;
}

}  // namespace labgpu
