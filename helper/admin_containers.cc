// Methods of org.labgpu that Docker has to do with.
#include <utility>

#include "helper/admin_methods.h"
#include "helper/admin_replies.h"

namespace labgpu {

namespace {

VarlinkReply removed_reply(const Account& account, const std::string& container) {
  return nlohmann::json{
      {"home", account.home}, {"containerName", container}, {"origin", origin_of(account)}};
}

}  // namespace

// The account first, so that nobody logs in while the container is stopped.
Task<VarlinkReply> AdminMethods::remove_user(const nlohmann::json& parameters) {
  JsonFields fields(parameters, "");
  auto account = named_account(accounts_, fields);
  if (!account) co_return VarlinkFailed(account.error());
  if (auto may = refuse_while_purged((*account)->name); !may) co_return account_failed(may.error());
  auto removed = accounts_.remove(*account);
  if (!removed) co_return account_failed(removed.error());
  auto stopping = containers_.stop(**account);
  auto stopped = co_await stopping;
  if (!stopped && stopped.error().code != ErrorCode::kNotFound) {
    auto told = wrap((*account)->name + " is removed, but the container could not be stopped",
                     stopped.error());
    co_return container_failed(told.value());
  }
  auto asking = containers_.status(**account);
  auto status = co_await asking;
  co_return removed_reply(**account, status ? status->name : "");
}

Task<VarlinkReply> AdminMethods::status(const nlohmann::json& parameters) {
  JsonFields fields(parameters, "");
  auto asked = named_or_all_accounts(accounts_, fields);
  if (!asked) co_return VarlinkFailed(asked.error());
  auto containers = nlohmann::json::array();
  if (asked->named) {
    const auto& account = asked->accounts.front();
    auto asking = ask_and_describe(account);
    auto described = co_await asking;
    if (!described) co_return container_failed(described.error());
    containers.push_back(std::move(*described));
  } else {
    auto describing = describe_all(asked->accounts);
    containers = co_await describing;
  }
  nlohmann::json reply;
  reply["containers"] = std::move(containers);
  co_return reply;
}

Task<VarlinkReply> AdminMethods::status_after(Result<void> done, AccountPointer account) {
  if (!done) co_return container_failed(done.error());
  auto asking = ask_and_describe(std::move(account));
  auto described = co_await asking;
  if (!described) co_return container_failed(described.error());
  nlohmann::json reply;
  reply["container"] = std::move(*described);
  co_return reply;
}

Task<VarlinkReply> AdminMethods::start(const nlohmann::json& parameters) {
  JsonFields fields(parameters, "");
  auto account = named_account(accounts_, fields);
  if (!account) co_return VarlinkFailed(account.error());
  if (auto may = refuse_while_purged((*account)->name); !may) co_return account_failed(may.error());
  auto starting = containers_.ensure_running(**account);
  auto started = co_await starting;
  auto telling = status_after(started.map([](const auto&) {}), *account);
  co_return co_await telling;
}

Task<VarlinkReply> AdminMethods::stop(const nlohmann::json& parameters) {
  JsonFields fields(parameters, "");
  auto account = named_account(accounts_, fields);
  if (!account) co_return VarlinkFailed(account.error());
  auto stopping = containers_.stop(**account);
  auto stopped = co_await stopping;
  auto telling = status_after(stopped, *account);
  co_return co_await telling;
}

Task<VarlinkReply> AdminMethods::restart(const nlohmann::json& parameters) {
  JsonFields fields(parameters, "");
  auto account = named_account(accounts_, fields);
  if (!account) co_return VarlinkFailed(account.error());
  if (auto may = refuse_while_purged((*account)->name); !may) co_return account_failed(may.error());
  auto restarting = containers_.restart(**account);
  auto restarted = co_await restarting;
  auto telling = status_after(restarted, *account);
  co_return co_await telling;
}

}  // namespace labgpu
