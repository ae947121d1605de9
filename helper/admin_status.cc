// What a container's status says beside Docker's words, of one account and of all.
#include <utility>
#include <vector>

#include "helper/admin_methods.h"
#include "helper/admin_replies.h"
#include "helper/init_connection.h"
#include "helper/overview.h"

namespace labgpu {

namespace {

// Somebody looks, and there may be many containers.
constexpr std::chrono::milliseconds kPatience{2000};
// Of all accounts together, most of which answer while Docker hangs on the containers of some.
constexpr std::chrono::milliseconds kPatienceForAll{10000};

}  // namespace

Task<nlohmann::json> AdminMethods::describe(AccountPointer account, ContainerStatus status) {
  auto reply = container_reply(status, logins_.count_of(account->name));
  auto container = containers_.running(*account);
  if (status.state != ContainerState::kRunning || !container) co_return reply;
  auto asking = init_answers(loop_, container, kPatience);
  bool answers = co_await asking;
  reply["answers"] = answers;
  auto stop = idle_watch_ == nullptr ? std::nullopt : idle_watch_->stop_of(account->name);
  if (stop) reply["idleStopUSec"] = *stop;
  co_return reply;
}

nlohmann::json AdminMethods::describe_unknown(const Account& account) const {
  ContainerStatus unknown;
  unknown.user = account.name;
  unknown.state = ContainerState::kUnknown;
  return container_reply(unknown, logins_.count_of(account.name));
}

Task<nlohmann::json> AdminMethods::describe_one(AccountPointer account) {
  auto asking = containers_.status(*account);
  auto status = co_await asking;
  if (!status) co_return describe_unknown(*account);
  auto describing = describe(account, std::move(*status));
  auto described = co_await describing;
  co_return described;
}

Task<nlohmann::json> AdminMethods::describe_all() {
  auto accounts = accounts_.list();
  std::vector<nlohmann::json> unknown;
  unknown.reserve(accounts.size());
  for (const auto& account : accounts) unknown.push_back(describe_unknown(*account));
  auto ask = [this, &accounts](size_t index) { return describe_one(accounts[index]); };
  Overview overview(loop_, std::move(ask), std::move(unknown));
  auto asking = overview.rows(kPatienceForAll);
  auto rows = co_await asking;
  co_return nlohmann::json(std::move(rows));
}

}  // namespace labgpu
