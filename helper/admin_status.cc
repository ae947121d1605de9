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

Task<Result<nlohmann::json>> AdminMethods::ask_and_describe(AccountPointer account) {
  auto asking = containers_.status(*account);
  auto status = co_await asking;
  if (!status) co_return Failed(status.error());
  auto describing = describe(std::move(account), std::move(*status));
  auto described = co_await describing;
  co_return described;
}

nlohmann::json AdminMethods::describe_unknown(const Account& account) const {
  ContainerStatus unknown;
  unknown.user = account.name;
  unknown.state = ContainerState::kUnknown;
  return container_reply(unknown, logins_.count_of(account.name));
}

Task<void> AdminMethods::ask_who_has_one(AnyContainers& having) {
  auto asking = containers_.users_with_containers();
  auto answer = co_await asking;
  having.set(std::move(answer));
}

Task<nlohmann::json> AdminMethods::describe_one(AccountPointer account, AnyContainers& having) {
  auto users = co_await having;
  if (!users) co_return describe_unknown(*account);
  if (!users->contains(account->name)) {
    auto describing = describe(account, containers_.status_without_docker(*account));
    auto described = co_await describing;
    co_return described;
  }
  auto asking = ask_and_describe(account);
  auto described = co_await asking;
  co_return described ? std::move(*described) : describe_unknown(*account);
}

Task<nlohmann::json> AdminMethods::describe_all(std::vector<AccountPointer> accounts) {
  std::vector<nlohmann::json> unknown;
  unknown.reserve(accounts.size());
  for (const auto& account : accounts) unknown.push_back(describe_unknown(*account));
  AnyContainers having;
  auto ask = [&](size_t index) { return describe_one(accounts[index], having); };
  Overview overview(loop_, std::move(ask), std::move(unknown));
  TaskGroup asking_who;
  asking_who.add(ask_who_has_one(having));
  auto asking = overview.rows(kPatienceForAll);
  auto rows = co_await asking;
  co_return nlohmann::json(std::move(rows));
}

}  // namespace labgpu
