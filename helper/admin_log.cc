// The method of org.labgpu that reads the log.
#include <algorithm>
#include <utility>

#include "common/parse.h"
#include "helper/admin_methods.h"
#include "helper/admin_replies.h"
#include "helper/journal.h"

namespace labgpu {

namespace {

constexpr uint64_t kMostLines = 1000;

nlohmann::json entry_reply(const JournalEntry& entry) {
  nlohmann::json reply = {{"atUSec", entry.at},
                          {"event", entry.event},
                          {"user", entry.user},
                          {"message", entry.message}};
  if (!entry.container.empty()) reply["container"] = entry.container;
  return reply;
}

// An account that is gone still has its entries, so a name need not be one of today's.
Result<JournalQuery> query_of(JsonFields& fields) {
  JournalQuery query;
  query.user = fields.text("name");
  query.lines = std::clamp(fields.number("lines").value_or(query.lines), uint64_t{1}, kMostLines);
  query.after = fields.text("after").value_or("");
  auto since = fields.text("since").value_or("");
  if (query.user && !is_user_name(*query.user)) {
    return fail(ErrorCode::kInvalid, "\"" + *query.user + "\" is no user name");
  }
  if (since.empty()) return query;
  auto moment = parse_date(since, PartOfDay::kStart);
  if (!moment) return fail(ErrorCode::kInvalid, "since " + moment.error().message);
  query.since = *moment;
  return query;
}

}  // namespace

Task<VarlinkReply> AdminMethods::read_log(const nlohmann::json& parameters) {
  JsonFields fields(parameters, "");
  auto query = query_of(fields);
  if (auto finished = finish(fields); !finished) co_return VarlinkFailed(finished.error());
  if (!query) co_return account_failed(query.error());
  std::function<Result<JournalPage>()> job = [asked = *query] { return read_journal(asked); };
  auto reading = log_worker_.run(std::move(job));
  auto page = co_await reading;
  if (!page) co_return account_failed(page.error());
  auto entries = nlohmann::json::array();
  for (const auto& entry : page->entries) entries.push_back(entry_reply(entry));
  nlohmann::json reply;
  reply["entries"] = std::move(entries);
  if (!page->cursor.empty()) reply["cursor"] = page->cursor;
  co_return reply;
}

}  // namespace labgpu
