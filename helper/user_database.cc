// Records of users and groups as systemd's programs want them.
#include "helper/user_database.h"

#include <optional>
#include <utility>

#include "common/paths.h"
#include "helper/build_info.h"
#include "helper/json_fields.h"

namespace labgpu {

namespace {

constexpr char kUserName[] = "userName";
constexpr char kUserGroupName[] = "groupName";
constexpr char kRegular[] = "regular";  // a person's, in the words of systemd's records

VarlinkFailed failed(const char* name) {
  return VarlinkFailed({std::string("io.systemd.UserDatabase.") + name, nlohmann::json::object()});
}

// The last parameters to be taken: that there is no other one, and that this service is meant.
tl::expected<void, VarlinkError> finish(JsonFields& fields) {
  auto service = fields.text("service");
  if (!fields.finish_strict()) return invalid_parameter(fields.refused_key());
  if (service != kUserdbService) return failed("BadService");
  return {};
}

// Of the accounts that labgpu made: those of the host are told of where the host keeps them.
template <typename Key>
AccountPointer find_own(const AccountStore& accounts, const Key& key) {
  auto account = accounts.find(key);
  return account && !account->bridged ? account : nullptr;
}

// The account with that name and that number, where each may be left open, but not both.
tl::expected<AccountPointer, VarlinkError> look_up(const AccountStore& accounts,
                                                   const nlohmann::json& parameters,
                                                   const char* id_key, const char* name_key) {
  JsonFields fields(parameters, "");
  auto id = fields.id(id_key);
  auto name = fields.text(name_key);
  if (auto finished = finish(fields); !finished) return VarlinkFailed(finished.error());
  if (!id && !name) return failed("EnumerationNotSupported");
  auto by_id = id ? find_own(accounts, *id) : nullptr;
  auto by_name = name ? find_own(accounts, *name) : nullptr;
  if (!by_id && !by_name) return failed("NoRecordFound");
  if (id && name && by_id != by_name) return failed("ConflictingRecordFound");
  return by_id ? by_id : by_name;
}

nlohmann::json reply(nlohmann::json record, bool incomplete) {
  record["service"] = kUserdbService;
  nlohmann::json reply;
  reply["record"] = std::move(record);
  reply["incomplete"] = incomplete;
  return reply;
}

nlohmann::json user_json(const Account& account, bool privileged) {
  // Without a real name nss-systemd would take the name for one.
  nlohmann::json record = {
      {kUserName, account.name}, {"realName", account.real_name}, {"uid", account.uid},
      {"gid", account.gid},      {"homeDirectory", account.home}, {"shell", kSessionCommand},
      {"disposition", kRegular}, {"locked", account.locked}};
  if (account.not_before) record["notBeforeUSec"] = *account.not_before;
  if (account.not_after) record["notAfterUSec"] = *account.not_after;
  if (privileged) record["privileged"]["sshAuthorizedKeys"] = account.authorized_keys;
  return record;
}

}  // namespace

std::string UserDatabase::name() const { return "io.systemd.UserDatabase"; }

std::string UserDatabase::description() const { return kUserdbInterface; }

VarlinkReply UserDatabase::user_record(const VarlinkCall& call) const {
  auto account = look_up(accounts_, call.parameters, "uid", kUserName);
  if (!account) return VarlinkFailed(account.error());
  return reply(user_json(**account, call.peer.uid == 0), true);
}

// Each account's own group has its name and its number.
VarlinkReply UserDatabase::group_record(const VarlinkCall& call) const {
  auto account = look_up(accounts_, call.parameters, "gid", kUserGroupName);
  if (!account) return VarlinkFailed(account.error());
  nlohmann::json record = {
      {kUserGroupName, (*account)->name}, {"gid", (*account)->gid}, {"disposition", kRegular}};
  return reply(std::move(record), false);
}

VarlinkReply UserDatabase::memberships(const VarlinkCall& call) const {
  JsonFields fields(call.parameters, "");
  auto user = fields.text(kUserName);
  auto group = fields.text(kUserGroupName);
  if (auto finished = finish(fields); !finished) return VarlinkFailed(finished.error());
  if (!user || group != kGroupName || !find_own(accounts_, *user)) return failed("NoRecordFound");
  return nlohmann::json{{kUserName, *user}, {kUserGroupName, *group}};
}

Task<VarlinkReply> UserDatabase::call(VarlinkCall call) {
  if (call.method == "GetUserRecord") co_return user_record(call);
  if (call.method == "GetGroupRecord") co_return group_record(call);
  if (call.method == "GetMemberships") co_return memberships(call);
  co_return method_not_found(call);
}

}  // namespace labgpu
