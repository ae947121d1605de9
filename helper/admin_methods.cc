// The table of org.labgpu's methods, and the way of a call through it.
#include "helper/admin_methods.h"

#include <utility>

#include "common/parse.h"
#include "helper/build_info.h"
#include "helper/log.h"
#include "helper/password.h"

namespace labgpu {

namespace {

constexpr char kPassword[] = "password";

// For the log. Whoever calls may give anything as a name.
std::string user_of(const nlohmann::json& parameters) {
  auto name = parameters.find("name");
  bool plausible = name != parameters.end() && name->is_string() &&
                   is_user_name(name->get_ref<const std::string&>());
  return plausible ? name->get<std::string>() : "?";
}

// Wherever they are: some methods take many accounts.
void wipe_passwords(nlohmann::json& value) {
  for (auto& [key, inside] : value.items()) {
    if (key == kPassword && inside.is_string()) {
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
    {"AddUser", Caller::kRoot, true, &AdminMethods::add_user},
    {"ListUsers", Caller::kRoot, false, &AdminMethods::list_users},
    {"GetUser", Caller::kRoot, false, &AdminMethods::get_user},
    {"SetUser", Caller::kRoot, true, &AdminMethods::set_user},
    {"RemoveUser", Caller::kRoot, true, &AdminMethods::remove_user},
    {"ImportUsers", Caller::kRoot, true, &AdminMethods::import_users},
    {"ExportUsers", Caller::kRoot, false, &AdminMethods::export_users},
    {"AddKey", Caller::kRoot, true, &AdminMethods::add_key},
    {"ListKeys", Caller::kRoot, false, &AdminMethods::list_keys},
    {"RemoveKey", Caller::kRoot, true, &AdminMethods::remove_key},
    {"Status", Caller::kRoot, false, &AdminMethods::status},
    {"Start", Caller::kRoot, true, &AdminMethods::start},
    {"Stop", Caller::kRoot, true, &AdminMethods::stop},
    {"Restart", Caller::kRoot, true, &AdminMethods::restart},
    {"GetMaintenance", Caller::kRoot, false, &AdminMethods::get_maintenance},
    {"StartMaintenance", Caller::kRoot, true, &AdminMethods::start_maintenance},
    {"EndMaintenance", Caller::kRoot, true, &AdminMethods::end_maintenance},
};

AdminMethods::AdminMethods(EventLoop& loop, AccountStore& accounts, Containers& containers,
                           Maintenance& maintenance, const Config& config,
                           CountSessions sessions_of)
    : loop_(loop),
      accounts_(accounts),
      containers_(containers),
      maintenance_(maintenance),
      config_(config),
      sessions_of_(std::move(sessions_of)) {}

std::string AdminMethods::name() const { return "org.labgpu"; }

std::string AdminMethods::description() const { return kLabgpuInterface; }

Task<VarlinkReply> AdminMethods::call(VarlinkCall call) {
  const Method* method = nullptr;
  for (const auto& row : kMethods) {
    if (row.name == call.method) method = &row;
  }
  if (method == nullptr) co_return method_not_found(call);
  if (method->caller == Caller::kRoot && call.peer.uid != 0) {
    co_return permission_denied();
  }

  VarlinkReply reply;
  if (const auto* at_once = std::get_if<AtOnce>(&method->handle)) {
    reply = (this->*(*at_once))(call.parameters);
  } else {
    auto working = (this->*std::get<InTime>(method->handle))(call.parameters);
    reply = co_await working;
  }
  wipe_passwords(call.parameters);
  if (method->changes_something) {
    auto user = user_of(call.parameters);
    log(LogLevel::kNotice, call.method + " " + user + reason_of(reply), {{kLogUser, user}});
  }
  co_return reply;
}

}  // namespace labgpu
