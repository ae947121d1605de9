// Loads a configuration while another one is in force.
#include "helper/live_config.h"

#include "helper/account_settings.h"
#include "helper/host_facts.h"
#include "helper/log.h"
#include "helper/port_reservations.h"

namespace labgpu {

Result<Config> load_checked_config(const std::string& path,
                                   const std::vector<AccountPointer>& accounts) {
  auto config = load_config(path);
  if (!config) return config;
  if (auto given = check_against_host(*config, count_cpus()); !given) {
    return wrap(path, given.error());
  }
  for (const auto& account : accounts) {
    if (account->profile.empty() || config->profiles.contains(account->profile)) continue;
    return fail(ErrorCode::kInvalid, path + ": profiles must have \"" + account->profile +
                                         "\", which is the profile of " + account->name +
                                         "; to change that: labgpu user set " + account->name +
                                         " profile=...");
  }
  return config;
}

std::vector<std::string> keys_for_restart(const Config& before, const Config& after) {
  std::vector<std::string> keys;
  if (before.ids != after.ids) keys.emplace_back("ids");
  if (before.bridge != after.bridge) keys.emplace_back("bridge");
  if (before.docker_socket != after.docker_socket) keys.emplace_back("docker.socket");
  return keys;
}

Task<void> apply_config(const Config& config, AccountStore& accounts, Containers& containers) {
  auto taken = taken_ports(accounts);
  auto all = accounts.list();
  for (auto& account : all) {
    auto reserved = reserve_missing_ports(config, accounts, account, taken);
    if (reserved) {
      account = *reserved;
    } else {
      log(LogLevel::kWarning, account->name + ": " + reserved.error().message,
          {{kLogUser, account->name}});
    }
  }
  auto asking = containers.users_with_containers();
  auto having = co_await asking;
  if (!having) {
    log(LogLevel::kWarning, having.error().message);
    co_return;
  }
  for (const auto& account : all) {
    if (!having->contains(account->name)) continue;
    auto applying = containers.apply_settings(*account);
    auto applied = co_await applying;
    if (applied) continue;
    log(LogLevel::kWarning, applied.error().message, {{kLogUser, account->name}});
    // The others would say the same. Containers are looked at again when they are started.
    auto code = applied.error().code;
    if (code == ErrorCode::kUnavailable || code == ErrorCode::kTimeout) co_return;
  }
}

}  // namespace labgpu
