// What the methods of org.labgpu answer with: the types and errors of helper/org.labgpu.varlink.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "helper/account.h"
#include "helper/account_store.h"
#include "helper/containers.h"
#include "helper/error.h"
#include "helper/json_fields.h"
#include "helper/settings_policy.h"
#include "helper/varlink_message.h"

namespace labgpu {

// The field of a reply that has a password which was made for its reader, and is nowhere else.
inline constexpr char kGeneratedPassword[] = "generatedPassword";

// A Key, a list of them, a User, a Container. A line that is no key, as somebody may have written
// it into a record by hand, is told with its other fields empty.
nlohmann::json key_reply(const std::string& line);
nlohmann::json keys_reply(const Account& account);
// Where the account is kept, as the interface names it.
const char* origin_of(const Account& account);
nlohmann::json user_reply(const Account& account, const SettingsPolicy& policy);
nlohmann::json container_reply(const ContainerStatus& status, uint64_t sessions);

// An error about an account, or about a container: Docker's "not found" is not "no such user".
VarlinkFailed account_failed(const Error& error);
VarlinkFailed container_failed(const Error& error);
// The caller may not call that; `why` says who may, or what to do.
VarlinkError not_allowed(const std::string& why);
// Of several keys, one is refused: which one, from 0.
VarlinkFailed key_failed(const Error& error, size_t index);

// Nothing when all parameters were taken and right; else InvalidParameter.
tl::expected<void, VarlinkError> finish(JsonFields& parameters);
// The account that the last parameter to be taken, "name", is about.
tl::expected<AccountPointer, VarlinkError> named_account(const AccountStore& accounts,
                                                         JsonFields& parameters);

// The account that the last parameter, "name", is about, or all when it is left out.
struct AskedAccounts {
  std::vector<AccountPointer> accounts;
  bool named = false;
};
tl::expected<AskedAccounts, VarlinkError> named_or_all_accounts(const AccountStore& accounts,
                                                                JsonFields& parameters);

}  // namespace labgpu
