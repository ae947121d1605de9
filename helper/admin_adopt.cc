// Adopt of org.labgpu: a container of the server becomes an account's.
#include <utility>

#include "helper/admin_methods.h"
#include "helper/admin_replies.h"
#include "helper/adoption.h"
#include "helper/text_list.h"
#include "helper/work_progress.h"

namespace labgpu {

namespace {

using nlohmann::json;

json adoption_reply(const Adoption& adoption) {
  auto mounts = json::array();
  for (const auto& mount : adoption.mounts) {
    mounts.push_back(
        {{"source", mount.source}, {"target", mount.target}, {"readOnly", mount.read_only}});
  }
  auto refused = json::array();
  for (const auto& one : adoption.refused) {
    refused.push_back(
        {{"source", one.mount.source}, {"target", one.mount.target}, {"why", one.why}});
  }
  return {{"container", adoption.container}, {"runs", adoption.runs},
          {"image", adoption.image},         {"hostname", adoption.hostname},
          {"env", adoption.environment},     {"leftOut", adoption.left_out},
          {"mounts", std::move(mounts)},     {"refused", std::move(refused)}};
}

Result<void> check_mounts(const Adoption& adoption, bool skip_mounts) {
  if (skip_mounts || adoption.refused.empty()) return {};
  std::vector<std::string> all;
  for (const auto& one : adoption.refused) all.push_back(one.mount.target + " " + one.why);
  return fail(ErrorCode::kInvalid, "of the mounts of " + adoption.container +
                                       " these cannot be taken over: " + join(all, "; ") +
                                       "; --skip-mounts goes on without them");
}

}  // namespace

// The settings first: what the container is made with and what the account says are the same then,
// and they are taken back when there is no container.
Task<Result<void>> AdminMethods::adopt_for(AccountPointer account, Adoption plan,
                                           const VarlinkCall& call) {
  auto adopting = with_adopted_settings(*account, plan);
  auto changed = change(account, std::move(adopting));
  if (!changed) co_return Failed(changed.error());
  WorkProgress progress(loop_, call, "waiting for its turn");
  auto working = containers_.adopt(**changed, std::move(plan), progress.on_step());
  auto adopted = co_await working;
  if (adopted) co_return adopted;
  // Somebody who changed the account meanwhile has decided about its settings.
  auto now = accounts_.find(account->name);
  if (now == *changed) {
    auto back = accounts_.put_if_unchanged(now, *account);
    if (!back) co_return wrap("the settings of " + account->name + " are changed", adopted.error());
  }
  co_return adopted;
}

Task<VarlinkReply> AdminMethods::adopt(const VarlinkCall& call) {
  JsonFields fields(call.parameters, "");
  auto container = fields.required_text("container");
  bool dry_run = fields.boolean("dryRun").value_or(false);
  bool skip_mounts = fields.boolean("skipMounts").value_or(false);
  auto account = named_account(accounts_, fields);
  if (!account) co_return VarlinkFailed(account.error());
  if (auto may = refuse_while_purged((*account)->name); !may) co_return account_failed(may.error());
  auto planning = containers_.plan_adoption(**account, std::move(container));
  auto plan = co_await planning;
  if (!plan) co_return container_failed(plan.error());
  json reply;
  if (!dry_run) {
    auto may = check_mounts(*plan, skip_mounts);
    if (!may) co_return container_failed(may.error());
    auto working = adopt_for(*account, *plan, call);
    auto adopted = co_await working;
    auto telling = status_after(adopted, *account);
    auto status = co_await telling;
    if (!status) co_return status;
    reply = std::move(*status);
  }
  reply["adoption"] = adoption_reply(*plan);
  co_return reply;
}

}  // namespace labgpu
