// Which port of the server leads to which port of whose container: reserved once, kept as long as
// the account.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "helper/account.h"
#include "helper/account_store.h"
#include "helper/error.h"
#include "helper/settings_policy.h"

namespace labgpu {

// Ports of the server that something listens on now, by TCP or UDP. `root` goes before /proc; tests
// set it.
std::set<uint16_t> busy_ports(const std::string& root = {});

// What cannot be reserved any more.
struct TakenPorts {
  std::map<uint16_t, std::string> owners;  // port to the account that has it
  std::set<uint16_t> busy;

  void add(const Account& account);
};

// By other accounts, and on this server now.
TakenPorts taken_ports(const AccountStore& accounts);

// Reserves a port of the server for every one of `account`'s ports that has none, and takes those
// that its settings name themselves; what it has itself may be among `taken`. kExists for a port
// that another account has or that is in use; the account is unchanged then.
Result<void> reserve_ports(const SettingsPolicy& policy, const TakenPorts& taken, Account& account);

// The same for an account of the store, which keeps what was reserved; `taken` has it then, too.
Result<AccountPointer> reserve_missing_ports(const SettingsPolicy& policy, AccountStore& accounts,
                                             const AccountPointer& seen, TakenPorts& taken);

}  // namespace labgpu
