// What a user is told and asked before something of theirs ends.
#include "cli/own_loss.h"

#include <cstdint>

#include "cli/counted.h"
#include "cli/input.h"

namespace labgpu {

namespace {

using nlohmann::json;

// Also when nobody can tell: then it is better asked.
bool may_run(const Result<json>& reply) {
  if (!reply) return true;
  const auto& state = reply->at("containers").at(0).at("state");
  return state == "running" || state == "unknown";
}

}  // namespace

json other_logins(const json& reply) {
  auto others = json::array();
  for (const auto& login : reply.at("logins")) {
    if (!login.value("own", false)) others.push_back(login);
  }
  return others;
}

std::string count_of_others(const json& logins) {
  return counted(logins.size(), "other session", "other sessions");
}

Result<void> agree_to_end_container(const CommandLine& line, const std::string& name,
                                    const std::string& question, bool yes) {
  if (yes || !may_run(call_helper(line, "Status", {{"name", name}}))) return {};
  auto logins = call_helper(line, "ListLogins", {{"name", name}});
  if (!logins) return Failed(logins.error());
  auto others = other_logins(*logins);
  std::string lost = "Everything that runs in it ends";
  if (!others.empty()) lost += ", also in your " + count_of_others(others);
  return agree(yes, question + " " + lost + ".", "nothing was done");
}

}  // namespace labgpu
