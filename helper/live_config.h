// labgpu.json while the helper runs: the last good one is in force, whatever the file says.
#pragma once

#include <string>
#include <vector>

#include "helper/account_store.h"
#include "helper/config.h"
#include "helper/containers.h"
#include "helper/error.h"
#include "helper/task.h"

namespace labgpu {

// The file, checked as an administrator who is there to read the complaint wants it: also against
// this server's CPUs, and against the profiles that accounts have.
Result<Config> load_checked_config(const std::string& path,
                                   const std::vector<AccountPointer>& accounts);

// What differs and counts only after labgpud was started anew.
std::vector<std::string> keys_for_restart(const Config& before, const Config& after);

// Brings accounts and containers in line with the configuration: reserves ports that are missing,
// then has Docker change what it can. Everything given must outlive the Task.
Task<void> apply_config(const Config& config, AccountStore& accounts, Containers& containers);

}  // namespace labgpu
