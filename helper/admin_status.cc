// What a container's status says beside Docker's words.
#include <utility>

#include "helper/admin_methods.h"
#include "helper/admin_replies.h"
#include "helper/init_connection.h"

namespace labgpu {

namespace {

// Somebody looks, and there may be many containers.
constexpr std::chrono::milliseconds kPatience{2000};

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

}  // namespace labgpu
