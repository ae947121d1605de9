// Methods of org.labgpu that close the server to new logins, and open it again.
#include "helper/admin_methods.h"
#include "helper/admin_replies.h"
#include "helper/log.h"

namespace labgpu {

VarlinkReply AdminMethods::get_maintenance(const nlohmann::json& parameters) {
  JsonFields fields(parameters, "");
  if (auto finished = finish(fields); !finished) return VarlinkFailed(finished.error());
  return nlohmann::json{{"on", maintenance_.word().has_value()},
                        {"message", maintenance_.word().value_or("")}};
}

VarlinkReply AdminMethods::start_maintenance(const nlohmann::json& parameters) {
  JsonFields fields(parameters, "");
  auto word = fields.text("message").value_or("");
  if (auto finished = finish(fields); !finished) return VarlinkFailed(finished.error());
  if (auto begun = maintenance_.begin(word); !begun) return account_failed(begun.error());
  return nlohmann::json::object();
}

VarlinkReply AdminMethods::end_maintenance(const nlohmann::json& parameters) {
  JsonFields fields(parameters, "");
  if (auto finished = finish(fields); !finished) return VarlinkFailed(finished.error());
  if (auto ended = maintenance_.end(); !ended) return account_failed(ended.error());
  return nlohmann::json::object();
}

}  // namespace labgpu
