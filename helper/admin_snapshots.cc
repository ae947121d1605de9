// Methods of org.labgpu about snapshots of containers.
#include <utility>

#include "helper/admin_methods.h"
#include "helper/admin_replies.h"
#include "helper/work_progress.h"

namespace labgpu {

namespace {

using nlohmann::json;

json snapshot_reply(const Snapshot& snapshot) {
  return {{"user", snapshot.user},          {"name", snapshot.name},   {"image", snapshot.image},
          {"madeUSec", snapshot.made},      {"bytes", snapshot.bytes}, {"note", snapshot.note},
          {"automatic", snapshot.automatic}};
}

}  // namespace

Task<VarlinkReply> AdminMethods::snapshot(const VarlinkCall& call) {
  JsonFields fields(call.parameters, "");
  auto name = fields.text("snapshot").value_or("");
  auto note = fields.text("note").value_or("");
  auto account = named_account(accounts_, fields);
  if (!account) co_return VarlinkFailed(account.error());
  if (auto may = refuse_while_purged((*account)->name); !may) co_return account_failed(may.error());
  WorkProgress progress(loop_, call, "saving what is in the container");
  auto making = containers_.snapshot(**account, std::move(name), std::move(note));
  auto made = co_await making;
  if (!made) co_return container_failed(made.error());
  json reply;
  reply["snapshot"] = snapshot_reply(*made);
  co_return reply;
}

Task<VarlinkReply> AdminMethods::export_container(const VarlinkCall& call) {
  JsonFields fields(call.parameters, "");
  auto snapshot = fields.text("snapshot").value_or("");
  auto file = fields.required_text("file");
  auto account = named_account(accounts_, fields);
  if (!account) co_return VarlinkFailed(account.error());
  if (auto may = refuse_while_purged((*account)->name); !may) co_return account_failed(may.error());
  WorkProgress progress(loop_, call, "saving what is in the container");
  auto exporting =
      containers_.export_image(**account, std::move(snapshot), std::move(file), progress.on_step());
  auto written = co_await exporting;
  if (!written) co_return container_failed(written.error());
  json reply;
  reply["file"] = *written;
  co_return reply;
}

Task<VarlinkReply> AdminMethods::list_snapshots(const json& parameters) {
  JsonFields fields(parameters, "");
  auto asked = named_or_all_accounts(accounts_, fields);
  if (!asked) co_return VarlinkFailed(asked.error());
  auto snapshots = json::array();
  for (const auto& account : asked->accounts) {
    auto asking = containers_.snapshots(*account);
    auto found = co_await asking;
    if (!found) co_return container_failed(found.error());
    for (const auto& snapshot : *found) snapshots.push_back(snapshot_reply(snapshot));
  }
  json reply;
  reply["snapshots"] = std::move(snapshots);
  co_return reply;
}

Task<VarlinkReply> AdminMethods::remove_snapshot(const json& parameters) {
  JsonFields fields(parameters, "");
  auto name = fields.required_text("snapshot");
  auto account = named_account(accounts_, fields);
  if (!account) co_return VarlinkFailed(account.error());
  auto removing = containers_.remove_snapshot(**account, std::move(name));
  auto removed = co_await removing;
  if (!removed) co_return container_failed(removed.error());
  co_return json::object();
}

}  // namespace labgpu
