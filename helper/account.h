// An account whose sessions are in a container, and its JSON record.
//
// The record names things as systemd's JSON User Record does (https://systemd.io/USER_RECORD/),
// with what is labgpu's own in a "labgpu" section. Unknown fields of a record are kept when it is
// rewritten.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "helper/date.h"
#include "helper/error.h"
#include "helper/settings.h"

namespace labgpu {

struct Account {
  std::string name;       // userName
  std::string real_name;  // realName
  uint32_t uid = 0;
  uint32_t gid = 0;     // the account's own group, of the same name and number; see `bridged`
  std::string home;     // homeDirectory, the same inside and outside the container
  bool locked = false;  // no login of any kind
  std::optional<Microseconds> not_before;  // notBeforeUSec: no login before
  std::optional<Microseconds> not_after;   // notAfterUSec: none after
  std::string hashed_password;             // privileged.hashedPassword[0]; empty: no password login
  bool password_change_now = false;        // passwordChangeNow: at the next login by password
  std::vector<std::string>
      authorized_keys;  // privileged.sshAuthorizedKeys: authorized_keys(5) lines
  // The "labgpu" section: the settings of this account alone, and
  SettingsLayer settings;
  std::string profile;  // profile: of labgpu.json; empty: none
  PortReservations
      host_ports;  // hostPorts: ports of the server, for as long as there is the account
  // labgpu.bridged: the account is the host's, which knows its password and says what stands above
  // `locked` here; any primary group may be its own. Nothing of it is published to NSS.
  bool bridged = false;
  std::string group;  // labgpu.groupName: of the group with that gid; empty: the account's name
  nlohmann::json unknown = nlohmann::json::object();  // fields this version does not know
};

// The name of the group with the account's gid.
const std::string& group_name_of(const Account& account);

// Why `what` of an account of the host cannot be changed here; `program` does it for a local one.
Error kept_by_host(const Account& account, const std::string& what, const std::string& program);

// An id that a person's account may have: not root's, not nobody's, none that means "no id".
bool is_person_id(uint32_t id);

nlohmann::json to_json(const Account& account);
// Strict: wrong types, names or ids are an error that names the field.
Result<Account> account_from_json(const nlohmann::json& record);

// The same as the text of a record. One under another name than the account's is an error.
std::string record_text(const Account& account);
Result<Account> parse_record(const std::string& name, const std::string& text);

}  // namespace labgpu
