// Replies of org.labgpu.
#include "helper/admin_replies.h"

#include "helper/account_password.h"
#include "helper/account_settings.h"
#include "helper/login_policy.h"
#include "helper/settings_json.h"
#include "helper/ssh_key.h"

namespace labgpu {

namespace {

VarlinkFailed failed(const char* name, const std::string& message) {
  return VarlinkFailed({std::string("org.labgpu.") + name, {{"message", message}}});
}

const char* text_of(ContainerState state) {
  switch (state) {
    case ContainerState::kAbsent:
      return "absent";
    case ContainerState::kStopped:
      return "stopped";
    case ContainerState::kRunning:
      return "running";
    case ContainerState::kUnknown:
      break;
  }
  return "unknown";
}

nlohmann::json view_reply(const SettingsPolicy& policy, const Account& account) {
  auto view = nlohmann::json::array();
  for (const auto& setting : view_settings(policy, account)) {
    view.push_back(
        {{"key", setting.key}, {"value", setting.value}, {"origin", to_text(setting.origin)}});
  }
  return view;
}

}  // namespace

const char* origin_of(const Account& account) { return account.bridged ? "host" : "labgpu"; }

nlohmann::json key_reply(const std::string& line) {
  auto key = parse_ssh_key(line).value_or(SshKey{line, "", "", ""});
  return {{"fingerprint", key.fingerprint},
          {"type", key.type},
          {"comment", key.comment},
          {"line", key.line}};
}

nlohmann::json keys_reply(const Account& account) {
  auto keys = nlohmann::json::array();
  for (const auto& line : account.authorized_keys) keys.push_back(key_reply(line));
  return keys;
}

nlohmann::json user_reply(const Account& account, const SettingsPolicy& policy) {
  nlohmann::json user = {{"name", account.name},
                         {"realName", account.real_name},
                         {"uid", account.uid},
                         {"gid", account.gid},
                         {"home", account.home},
                         {"locked", account.locked},
                         {"origin", origin_of(account)},
                         {"state", to_text(state_of(account, now_in_microseconds()))},
                         {"hasPassword", has_password(account)},
                         {"passwordLocked", password_is_locked(account)},
                         {"passwordChangeNow", account.password_change_now},
                         {"keys", keys_reply(account)},
                         {"overrides", to_json(account.settings)}};
  if (account.not_before) user["notBeforeUSec"] = *account.not_before;
  if (account.not_after) user["notAfterUSec"] = *account.not_after;
  if (!account.profile.empty()) user["profile"] = account.profile;
  auto settings = settings_of(policy, account);
  if (settings) {
    user["settings"] = to_json(*settings);
  } else {
    user["problem"] = settings.error().message;
  }
  user["view"] = view_reply(policy, account);
  return user;
}

nlohmann::json container_reply(const ContainerStatus& status, uint64_t sessions) {
  auto ports = nlohmann::json::array();
  for (const auto& port : status.ports) ports.push_back(to_text(port));
  nlohmann::json reply = {{"user", status.user},       {"name", status.name},
                          {"id", status.id},           {"state", text_of(status.state)},
                          {"image", status.image},     {"startedAt", status.started_at},
                          {"address", status.address}, {"sessions", sessions},
                          {"ports", std::move(ports)}, {"needsRebuild", status.rebuild},
                          {"pending", status.pending}, {"memoryKills", status.memory_kills}};
  if (status.memory_kills > 0) reply["lastMemoryKillUSec"] = status.last_memory_kill;
  if (status.last_ending) {
    reply["lastEnd"] = {{"cause", to_text(status.last_ending->cause)},
                        {"atUSec", status.last_ending->at},
                        {"reason", reason_of(*status.last_ending)}};
  }
  if (status.start) {
    reply["starting"] = true;
    if (!status.start->image.empty()) reply["fetching"] = status.start->image;
  }
  if (status.failure) {
    reply["failure"] = status.failure->why;
    reply["failedUSec"] = status.failure->when;
  }
  return reply;
}

VarlinkFailed account_failed(const Error& error) {
  switch (error.code) {
    case ErrorCode::kNotFound:
      return failed("NoSuchUser", error.message);
    case ErrorCode::kExists:
      return failed("UserExists", error.message);
    case ErrorCode::kInvalid:
      return failed("Invalid", error.message);
    case ErrorCode::kUnavailable:
    case ErrorCode::kTimeout:
      return failed("Unavailable", error.message);
    case ErrorCode::kDenied:
    case ErrorCode::kWrongPassword:
    case ErrorCode::kTooManyAttempts:
      return failed("NotAllowed", error.message);
    case ErrorCode::kSystem:
      break;
  }
  return failed("Failed", error.message);
}

VarlinkFailed container_failed(const Error& error) {
  if (error.code == ErrorCode::kInvalid) return failed("Invalid", error.message);
  if (error.code == ErrorCode::kSystem) return failed("Failed", error.message);
  return failed("Unavailable", error.message);
}

VarlinkError not_allowed(const std::string& why) { return failed("NotAllowed", why).value(); }

VarlinkFailed key_failed(const Error& error, size_t index) {
  auto failed = account_failed(error);
  failed.value().parameters["key"] = index;
  return failed;
}

tl::expected<void, VarlinkError> finish(JsonFields& parameters) {
  if (!parameters.finish_strict()) return invalid_parameter(parameters.refused_key());
  return {};
}

tl::expected<AccountPointer, VarlinkError> named_account(const AccountStore& accounts,
                                                         JsonFields& parameters) {
  auto name = parameters.required_text("name");
  if (auto finished = finish(parameters); !finished) return VarlinkFailed(finished.error());
  auto account = accounts.get(name);
  if (!account) return account_failed(account.error());
  return *account;
}

tl::expected<AskedAccounts, VarlinkError> named_or_all_accounts(const AccountStore& accounts,
                                                                JsonFields& parameters) {
  auto name = parameters.text("name");
  if (auto finished = finish(parameters); !finished) return VarlinkFailed(finished.error());
  if (!name) return AskedAccounts{accounts.list(), false};
  auto account = accounts.get(*name);
  if (!account) return account_failed(account.error());
  return AskedAccounts{{*account}, true};
}

}  // namespace labgpu
