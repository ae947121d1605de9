// Methods of org.labgpu about logins that are open.
#include "helper/admin_methods.h"
#include "helper/admin_replies.h"
#include "helper/login_commands.h"
#include "helper/process_ancestry.h"

namespace labgpu {

namespace {

// `asking`: the process that asks, which may belong to a login itself.
nlohmann::json login_reply(const Login& login, pid_t asking) {
  auto commands = nlohmann::json::array();
  for (const auto& command : commands_of_login(login.process)) {
    commands.push_back({{"command", command.text}, {"terminal", command.terminal}});
  }
  return {{"number", login.number},
          {"user", login.user},
          {"from", login.remote_host},
          {"sinceUSec", login.since},
          {"own", descends_from(asking, login.process)},
          {"commands", std::move(commands)}};
}

}  // namespace

Task<VarlinkReply> AdminMethods::list_logins(const VarlinkCall& call) {
  JsonFields fields(call.parameters, "");
  auto name = fields.text("name");
  if (auto finished = finish(fields); !finished) co_return VarlinkFailed(finished.error());
  if (name) {
    auto account = accounts_.get(*name);
    if (!account) co_return account_failed(account.error());
  }
  auto logins = nlohmann::json::array();
  for (const auto& login : logins_.list()) {
    if (!name || login.user == *name) logins.push_back(login_reply(login, call.peer.pid));
  }
  co_return nlohmann::json{{"logins", std::move(logins)}};
}

VarlinkReply AdminMethods::end_logins(const nlohmann::json& parameters) {
  JsonFields fields(parameters, "");
  auto number = fields.number("number");
  auto account = named_account(accounts_, fields);
  if (!account) return VarlinkFailed(account.error());
  uint64_t ended = 0;
  for (const auto& login : logins_.list()) {
    if (login.user != (*account)->name || (number && login.number != *number)) continue;
    auto done = logins_.end(login.number);
    if (!done && done.error().code != ErrorCode::kNotFound) return account_failed(done.error());
    if (done) ++ended;
  }
  if (number && ended == 0) {
    return account_failed(
        {ErrorCode::kNotFound, (*account)->name + " has no login " + std::to_string(*number) +
                                   ": labgpu sessions shows those that are open"});
  }
  return nlohmann::json{{"ended", ended}};
}

}  // namespace labgpu
