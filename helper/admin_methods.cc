// The table of org.labgpu's methods, and the way of a call through it.
#include "helper/admin_methods.h"

#include <algorithm>
#include <utility>

#include "common/parse.h"
#include "common/paths.h"
#include "helper/admin_replies.h"
#include "helper/build_info.h"
#include "helper/log.h"
#include "helper/login_policy.h"
#include "helper/password.h"

namespace labgpu {

namespace {

constexpr char kName[] = "name";
constexpr char kPassword[] = "password";
constexpr char kOldPassword[] = "oldPassword";
constexpr char kNewPassword[] = "newPassword";
constexpr char kOtherPassword[] =
    "change its password with passwd on the server, or where the account is from";
constexpr char kOwnKeys[] = "its keys are in its ~/.ssh/authorized_keys";

bool is_named(const nlohmann::json& parameters, const std::string& user) {
  auto name = parameters.find(kName);
  return name != parameters.end() && *name == user;
}

// For the log. Whoever calls may give anything as a name.
std::string user_of(const nlohmann::json& parameters) {
  auto name = parameters.find(kName);
  bool plausible = name != parameters.end() && name->is_string() &&
                   is_user_name(name->get_ref<const std::string&>());
  return plausible ? name->get<std::string>() : "?";
}

bool is_dry_run(const nlohmann::json& parameters) {
  auto dry_run = parameters.find("dryRun");
  return dry_run != parameters.end() && *dry_run == true;
}

// Wherever they are: some methods take many accounts.
void wipe_passwords(nlohmann::json& value) {
  for (auto& [key, inside] : value.items()) {
    bool secret = key == kPassword || key == kOldPassword || key == kNewPassword;
    if (secret && inside.is_string()) {
      wipe(inside.get_ref<std::string&>());
    } else if (inside.is_structured()) {
      wipe_passwords(inside);
    }
  }
}

std::string reason_of(const VarlinkReply& reply) {
  return reply ? "" : " failed: " + reply.error().parameters.value("message", reply.error().name);
}

}  // namespace

// Who may call what. What is not here does not exist.
const AdminMethods::Method AdminMethods::kMethods[] = {
    {"AddUser", Caller::kAdmin, true, &AdminMethods::add_user},
    {"ListUsers", Caller::kAdmin, false, &AdminMethods::list_users},
    {"GetUser", Caller::kOwner, false, &AdminMethods::get_user},
    {"SetUser", Caller::kAdmin, true, &AdminMethods::set_user},
    {"SetPassword", Caller::kAdmin, true, &AdminMethods::set_password, kOtherPassword},
    {"ChangeOwnPassword", Caller::kOwnerAlone, true, &AdminMethods::change_own_password},
    {"RemoveUser", Caller::kAdmin, true, &AdminMethods::remove_user,
     "the administrator can take it out of the groups that have containers"},
    {"PurgeUser", Caller::kAdmin, true, &AdminMethods::purge_user},
    {"ImportUsers", Caller::kAdmin, true, &AdminMethods::import_users},
    {"ExportUsers", Caller::kAdmin, false, &AdminMethods::export_users},
    {"AddKey", Caller::kAdmin, true, &AdminMethods::add_key, kOwnKeys},
    {"ListKeys", Caller::kOwner, false, &AdminMethods::list_keys},
    {"RemoveKey", Caller::kAdmin, true, &AdminMethods::remove_key, kOwnKeys},
    {"Status", Caller::kOwner, false, &AdminMethods::status},
    {"Start", Caller::kOwner, true, &AdminMethods::start},
    {"Stop", Caller::kOwner, true, &AdminMethods::stop},
    {"Restart", Caller::kOwner, true, &AdminMethods::restart},
    {"Rebuild", Caller::kOwner, true, &AdminMethods::rebuild},
    {"Snapshot", Caller::kOwner, true, &AdminMethods::snapshot},
    {"ListSnapshots", Caller::kOwner, false, &AdminMethods::list_snapshots},
    {"RemoveSnapshot", Caller::kOwner, true, &AdminMethods::remove_snapshot},
    {"Export", Caller::kOwner, true, &AdminMethods::export_container},
    {"Restore", Caller::kOwner, true, &AdminMethods::restore},
    {"Adopt", Caller::kAdmin, true, &AdminMethods::adopt},
    {"ListLogins", Caller::kOwner, false, &AdminMethods::list_logins},
    {"EndLogins", Caller::kOwner, true, &AdminMethods::end_logins},
    {"ReadLog", Caller::kOwner, false, &AdminMethods::read_log},
    {"ListGpus", Caller::kAnyOwner, false, &AdminMethods::list_gpus},
    {"ListImages", Caller::kAdmin, false, &AdminMethods::list_images},
    {"PullImage", Caller::kAdmin, true, &AdminMethods::pull_image},
    {"Build", Caller::kOwner, true, &AdminMethods::build},
    {"GetMaintenance", Caller::kAdmin, false, &AdminMethods::get_maintenance},
    {"StartMaintenance", Caller::kAdmin, true, &AdminMethods::start_maintenance},
    {"EndMaintenance", Caller::kAdmin, true, &AdminMethods::end_maintenance},
};

AdminMethods::AdminMethods(EventLoop& loop, AccountStore& accounts, Containers& containers,
                           Maintenance& maintenance, const Config& config,
                           std::optional<gid_t> admin_group, Logins& logins,
                           PasswordChanges& passwords, Images& images, std::string gpu_socket)
    : loop_(loop),
      accounts_(accounts),
      containers_(containers),
      maintenance_(maintenance),
      config_(config),
      admin_group_(admin_group),
      logins_(logins),
      passwords_(passwords),
      images_(images),
      gpus_(loop, std::move(gpu_socket),
            [this](pid_t pid) { return containers_.user_of_process(pid); }),
      tree_worker_(loop),
      log_worker_(loop) {}

std::string AdminMethods::name() const { return "org.labgpu"; }

std::string AdminMethods::description() const { return kLabgpuInterface; }

bool AdminMethods::is_admin(const Peer& peer) const {
  if (peer.only_owner) return false;
  if (peer.uid == 0) return true;
  return admin_group_ &&
         std::find(peer.groups.begin(), peer.groups.end(), *admin_group_) != peer.groups.end();
}

std::optional<VarlinkError> AdminMethods::refuse(const Method& method, VarlinkCall& call) {
  bool for_administrators = method.caller != Caller::kOwnerAlone;
  if (for_administrators && is_admin(call.peer)) return std::nullopt;
  auto own = accounts_.find(call.peer.uid);
  if (!for_administrators && own == nullptr) {
    return not_allowed(
        "only the owner of an account may do that; an administrator sets a password");
  }
  if (method.caller == Caller::kAdmin || own == nullptr) {
    bool has_other_way = own != nullptr && own->bridged && method.of_host != nullptr;
    if (has_other_way && is_named(call.parameters, own->name)) {
      return not_allowed(own->name + " is an account of this server: " + method.of_host);
    }
    return not_allowed(std::string("only root and members of the group ") + kAdminGroupName +
                       " may do that; try it with sudo");
  }
  if (method.caller == Caller::kAnyOwner) return std::nullopt;
  auto refused = refuse_owner(method, *own, call.parameters);
  return refused ? std::optional(not_allowed(*refused)) : std::nullopt;
}

std::optional<std::string> AdminMethods::refuse_owner(const Method& method, const Account& own,
                                                      nlohmann::json& parameters) {
  auto& name = parameters[kName];
  if (name.is_null()) name = own.name;
  if (name != own.name) {
    return "you may do that for your own account, " + own.name + ", and for no other one";
  }
  // A container that its user may not enter is not theirs to start.
  if (!method.changes_something) return std::nullopt;
  if (!owner_changes_.enter(own.name)) {
    return own.name + " has asked for too much within a minute; try again in a minute";
  }
  return refusal_of(own, now_in_microseconds(), {.maintenance = maintenance_.word()});
}

Task<VarlinkReply> AdminMethods::call(VarlinkCall call) {
  const Method* method = nullptr;
  for (const auto& row : kMethods) {
    if (row.name == call.method) method = &row;
  }
  if (method == nullptr) co_return method_not_found(call);
  if (auto refused = refuse(*method, call)) co_return VarlinkFailed(std::move(*refused));

  VarlinkReply reply;
  if (const auto* at_once = std::get_if<AtOnce>(&method->handle)) {
    reply = (this->*(*at_once))(call.parameters);
  } else if (const auto* in_time = std::get_if<InTime>(&method->handle)) {
    auto working = (this->*(*in_time))(call.parameters);
    reply = co_await working;
  } else {
    auto working = (this->*std::get<Telling>(method->handle))(call);
    reply = co_await working;
  }
  wipe_passwords(call.parameters);
  if (method->changes_something && !is_dry_run(call.parameters)) {
    auto user = user_of(call.parameters);
    log(LogLevel::kNotice,
        call.method + " " + user + " by uid " + std::to_string(call.peer.uid) + reason_of(reply),
        {{kLogUser, user}});
  }
  co_return reply;
}

}  // namespace labgpu
