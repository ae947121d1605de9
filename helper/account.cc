// Accounts from and to their JSON records.
#include "helper/account.h"

#include <algorithm>
#include <utility>

#include "common/index_record.h"
#include "common/parse.h"
#include "helper/json_fields.h"
#include "helper/settings_json.h"

namespace labgpu {

namespace {

bool is_printable_line(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
}

// One field of a line in passwd(5) or shadow(5).
bool is_passwd_field(std::string_view text) {
  return text.find_first_of(":\t") == std::string_view::npos && is_printable_line(text);
}

// systemd writes "never" as the highest number (user-record.h, UINT64_MAX).
std::optional<Microseconds> take_moment(JsonFields& fields, const std::string& key) {
  auto moment = fields.number(key);
  return moment == UINT64_MAX ? std::nullopt : moment;
}

void take_identity(JsonFields& fields, Account& account) {
  account.name = fields.required_text("userName");
  if (!is_user_name(account.name)) {
    fields.refuse("userName", "must be lower-case letters, digits, _ and -, at most 32 of them");
  }
  account.real_name = fields.text("realName").value_or("");
  if (!is_passwd_field(account.real_name)) {
    fields.refuse("realName", "must have no colon and no control character");
  }
  account.uid = fields.required_id("uid");
  account.gid = fields.required_id("gid");
  if (!is_person_id(account.uid)) fields.refuse("uid", "is not an id for a person");
  if (!account.bridged && account.gid != account.uid) {
    fields.refuse("gid", "must be the same as uid");
  }
  if (!is_account_id(account.gid)) fields.refuse("gid", "is not an id for a person's group");
  account.home = fields.required_text("homeDirectory");
  if (!is_plain_path(account.home) || !is_passwd_field(account.home)) {
    fields.refuse("homeDirectory", "must be an absolute path without \"..\" and colons");
  }
  account.locked = fields.boolean("locked").value_or(false);
  account.not_before = take_moment(fields, "notBeforeUSec");
  account.not_after = take_moment(fields, "notAfterUSec");
  account.password_change_now = fields.boolean("passwordChangeNow").value_or(false);
}

void take_credentials(JsonFields& fields, Account& account) {
  auto passwords = fields.texts("hashedPassword").value_or(std::vector<std::string>{});
  if (passwords.size() > 1) fields.refuse("hashedPassword", "must have one element at most");
  if (!passwords.empty()) account.hashed_password = passwords.front();
  if (!is_passwd_field(account.hashed_password)) {
    fields.refuse("hashedPassword", "must have no colon and no control character");
  }
  account.authorized_keys = fields.texts("sshAuthorizedKeys").value_or(std::vector<std::string>{});
  for (const auto& line : account.authorized_keys) {
    if (line.empty() || !is_printable_line(line)) {
      fields.refuse("sshAuthorizedKeys", "must be lines without control characters");
    }
  }
}

PortReservations take_host_ports(JsonFields& fields) {
  PortReservations ports;
  const auto* found = fields.object("hostPorts");
  if (found == nullptr) return ports;
  for (const auto& entry : found->items()) {
    const auto& value = entry.value();
    auto number = value.is_number_unsigned() ? value.get<uint64_t>() : 0;
    if (number == 0 || number > UINT16_MAX) {
      fields.refuse("hostPorts", "must have numbers from 1 to 65535");
    } else {
      ports[entry.key()] = static_cast<uint16_t>(number);
    }
  }
  return ports;
}

// Read before the identity, of which it says what may stand there.
Result<nlohmann::json> take_labgpu_section(const nlohmann::json& section, Account& account) {
  JsonFields fields(section, "labgpu");
  account.settings = take_settings(fields);
  account.profile = fields.text("profile").value_or("");
  account.host_ports = take_host_ports(fields);
  account.bridged = fields.boolean("bridged").value_or(false);
  account.group = fields.text("groupName").value_or("");
  if (!account.group.empty() && !is_user_name(account.group)) {
    fields.refuse("groupName", "must be lower-case letters, digits, _ and -, at most 32 of them");
  }
  if (auto done = fields.finish(); !done) return Failed(done.error());
  return fields.rest();
}

// An object of the record, as it is kept beside what this version does not know.
nlohmann::json section_of(const nlohmann::json& record, const char* key) {
  auto found = record.find(key);
  return found != record.end() && found->is_object() ? *found : nlohmann::json::object();
}

}  // namespace

bool is_person_id(uint32_t id) {
  constexpr uint32_t kNobody = 65534;
  constexpr uint32_t kNoId16 = 65535;  // (uid16_t)-1
  return id > 0 && id < 0x80000000 && id != kNobody && id != kNoId16;
}

const std::string& group_name_of(const Account& account) {
  return account.group.empty() ? account.name : account.group;
}

Error kept_by_host(const Account& account, const std::string& what, const std::string& program) {
  return {ErrorCode::kInvalid, account.name + " is an account of this server, whose " + what +
                                   " is not labgpu's to change: use " + program +
                                   ", or what the directory has that the account is from"};
}

nlohmann::json to_json(const Account& account) {
  auto record = account.unknown;
  record["userName"] = account.name;
  record["realName"] = account.real_name;
  record["uid"] = account.uid;
  record["gid"] = account.gid;
  record["homeDirectory"] = account.home;
  record["locked"] = account.locked;
  if (account.not_before) record["notBeforeUSec"] = *account.not_before;
  if (account.not_after) record["notAfterUSec"] = *account.not_after;
  if (account.password_change_now) record["passwordChangeNow"] = true;

  auto privileged = section_of(record, "privileged");
  if (!account.hashed_password.empty()) {
    privileged["hashedPassword"] = nlohmann::json::array({account.hashed_password});
  }
  privileged["sshAuthorizedKeys"] = account.authorized_keys;
  record["privileged"] = std::move(privileged);

  auto labgpu = section_of(record, "labgpu");
  labgpu.update(to_json(account.settings));
  if (account.bridged) labgpu["bridged"] = true;
  if (!account.group.empty()) labgpu["groupName"] = account.group;
  if (!account.profile.empty()) labgpu["profile"] = account.profile;
  if (!account.host_ports.empty()) labgpu["hostPorts"] = account.host_ports;
  record["labgpu"] = std::move(labgpu);
  return record;
}

Result<Account> account_from_json(const nlohmann::json& record) {
  Account account;
  JsonFields fields(record, "");
  const auto* labgpu = fields.object("labgpu");
  nlohmann::json labgpu_rest;
  if (labgpu != nullptr) {
    auto taken = take_labgpu_section(*labgpu, account);
    if (!taken) return Failed(taken.error());
    labgpu_rest = std::move(*taken);
  }
  take_identity(fields, account);
  const auto* privileged = fields.object("privileged");
  if (auto done = fields.finish(); !done) return Failed(done.error());
  account.unknown = fields.rest();

  if (privileged != nullptr) {
    JsonFields inner(*privileged, "privileged");
    take_credentials(inner, account);
    if (auto done = inner.finish(); !done) return Failed(done.error());
    if (auto rest = inner.rest(); !rest.empty()) account.unknown["privileged"] = std::move(rest);
  }
  if (!labgpu_rest.empty()) account.unknown["labgpu"] = std::move(labgpu_rest);
  return account;
}

std::string record_text(const Account& account) { return to_json(account).dump(2) + "\n"; }

Result<Account> parse_record(const std::string& name, const std::string& text) {
  auto json = parse_json(text, false);
  if (!json) return Failed(json.error());
  auto account = account_from_json(*json);
  if (account && account->name != name) {
    return fail(ErrorCode::kInvalid, "it is the record of " + account->name);
  }
  return account;
}

}  // namespace labgpu
