// What a change of settings asks of the server, and what it does to the container that is there.
#include "helper/account_settings.h"
#include "helper/admin_methods.h"
#include "helper/admin_replies.h"
#include "helper/host_facts.h"
#include "helper/port_reservations.h"
#include "helper/setting_mounts.h"

namespace labgpu {

Result<void> AdminMethods::prepare_settings(Account& account, const TakenPorts& taken) const {
  auto settings = settings_of(config_, account);
  if (!settings) return Failed(settings.error());
  if (auto given = check_against_host(*settings, count_cpus()); !given) return given;
  for (const auto& mount : settings->mounts) {
    auto direct = check_mount_links(mount);
    if (!direct) return fail(direct.error().code, "mounts " + direct.error().message);
  }
  auto reserved = reserve_ports(config_, taken, account);
  // Taken by another account's port, not by another account of that name.
  if (!reserved) return fail(ErrorCode::kInvalid, reserved.error().message);
  return {};
}

Task<nlohmann::json> AdminMethods::apply_change(AccountPointer account) {
  nlohmann::json reply = {{"changed", nlohmann::json::array()}};
  auto applying = containers_.apply_settings(*account);
  auto applied = co_await applying;
  if (applied) {
    reply["changed"] = *applied;
  } else {
    reply["note"] = applied.error().message;
  }
  auto asking = containers_.status(*account);
  auto status = co_await asking;
  if (status) reply["container"] = container_reply(*status, logins_.count_of(account->name));
  co_return reply;
}

}  // namespace labgpu
