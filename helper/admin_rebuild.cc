// Methods of org.labgpu that make a container anew.
#include "helper/admin_methods.h"
#include "helper/admin_replies.h"
#include "helper/work_progress.h"

namespace labgpu {

Task<VarlinkReply> AdminMethods::rebuild(const VarlinkCall& call) {
  JsonFields fields(call.parameters, "");
  auto keep = fields.boolean("keep");
  if (!keep) fields.refuse("keep", "must be true or false");
  auto account = named_account(accounts_, fields);
  if (!account) co_return VarlinkFailed(account.error());
  if (auto may = refuse_while_purged((*account)->name); !may) co_return account_failed(may.error());
  WorkProgress progress(loop_, call, "waiting for its turn");
  auto rebuilding = containers_.rebuild(**account, *keep, progress.on_step());
  auto rebuilt = co_await rebuilding;
  auto telling = status_after(rebuilt, *account);
  co_return co_await telling;
}

Task<VarlinkReply> AdminMethods::restore(const VarlinkCall& call) {
  JsonFields fields(call.parameters, "");
  auto snapshot = fields.required_text("snapshot");
  bool discard = fields.boolean("discard").value_or(false);
  auto account = named_account(accounts_, fields);
  if (!account) co_return VarlinkFailed(account.error());
  if (auto may = refuse_while_purged((*account)->name); !may) co_return account_failed(may.error());
  WorkProgress progress(loop_, call, "waiting for its turn");
  auto restoring = containers_.restore(**account, std::move(snapshot), discard, progress.on_step());
  auto saved = co_await restoring;
  auto telling = status_after(saved.map([](const auto&) {}), *account);
  auto reply = co_await telling;
  if (reply && !saved->empty()) (*reply)["saved"] = *saved;
  co_return reply;
}

}  // namespace labgpu
