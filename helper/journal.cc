// sd-journal(3).
#include "helper/journal.h"

#include <errno.h>
#include <stdlib.h>
#include <systemd/sd-journal.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "helper/life_log.h"

namespace labgpu {

namespace {

// Most entries of labgpud's are events, so a page is full long before.
constexpr size_t kMostLookedAt = 200000;

struct Close {
  void operator()(sd_journal* journal) const { sd_journal_close(journal); }
};
using Journal = std::unique_ptr<sd_journal, Close>;

Failed failed(int error) { return fail_errno("read the journal", -error); }

Result<Journal> open_journal(const JournalQuery& query) {
  sd_journal* opened = nullptr;
  int error = sd_journal_open(&opened, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM);
  if (error < 0) return failed(error);
  Journal journal(opened);
  std::vector<std::string> matches = {"_UID=0", "SYSLOG_IDENTIFIER=labgpud"};
  if (query.user) matches.push_back(std::string(kLogUser) + "=" + *query.user);
  for (const auto& match : matches) {
    error = sd_journal_add_match(opened, match.data(), match.size());
    if (error < 0) return failed(error);
  }
  return journal;
}

// "NAME=value" without the name; empty when the entry has no such field.
std::string field_of(const Journal& journal, std::string_view name) {
  const void* data = nullptr;
  size_t size = 0;
  std::string terminated(name);
  if (sd_journal_get_data(journal.get(), terminated.c_str(), &data, &size) < 0) return {};
  std::string_view field(static_cast<const char*>(data), size);
  return std::string(field.substr(std::min(name.size() + 1, field.size())));
}

// Nothing for an entry that is no event.
std::optional<JournalEntry> entry_at(const Journal& journal) {
  JournalEntry entry;
  entry.event = field_of(journal, kLogEvent);
  if (entry.event.empty() || sd_journal_get_realtime_usec(journal.get(), &entry.at) < 0) {
    return std::nullopt;
  }
  entry.user = field_of(journal, kLogUser);
  entry.container = field_of(journal, kLogContainer);
  entry.message = field_of(journal, "MESSAGE");
  return entry;
}

void take_cursor(const Journal& journal, std::string& out) {
  char* cursor = nullptr;
  if (sd_journal_get_cursor(journal.get(), &cursor) < 0) return;
  out = cursor;
  free(cursor);
}

Result<JournalPage> read_last(const Journal& journal, const JournalQuery& query) {
  JournalPage page;
  int error = sd_journal_seek_tail(journal.get());
  for (size_t looked_at = 0; error >= 0 && looked_at < kMostLookedAt; ++looked_at) {
    if (page.entries.size() == query.lines) break;
    error = sd_journal_previous(journal.get());
    if (error <= 0) break;
    uint64_t at = 0;
    if (sd_journal_get_realtime_usec(journal.get(), &at) >= 0 && at < query.since) break;
    auto entry = entry_at(journal);
    if (!entry) continue;
    if (page.cursor.empty()) take_cursor(journal, page.cursor);
    page.entries.push_back(std::move(*entry));
  }
  if (error < 0) return failed(error);
  std::reverse(page.entries.begin(), page.entries.end());
  return page;
}

Result<JournalPage> read_after(const Journal& journal, const JournalQuery& query) {
  JournalPage page;
  page.cursor = query.after;
  int error = sd_journal_seek_cursor(journal.get(), query.after.c_str());
  if (error == -EINVAL) return fail(ErrorCode::kInvalid, "after is no cursor of the journal's");
  // The first step leads to the entry of the cursor itself, or, where that is gone, to the next.
  if (error >= 0) error = sd_journal_next(journal.get());
  if (error > 0 && sd_journal_test_cursor(journal.get(), query.after.c_str()) > 0) {
    error = sd_journal_next(journal.get());
  }
  for (size_t looked_at = 0; error > 0 && looked_at < kMostLookedAt; ++looked_at) {
    auto entry = entry_at(journal);
    if (entry) {
      page.entries.push_back(std::move(*entry));
      take_cursor(journal, page.cursor);
    }
    if (page.entries.size() == query.lines) break;
    error = sd_journal_next(journal.get());
  }
  if (error < 0) return failed(error);
  return page;
}

}  // namespace

Result<JournalPage> read_journal(const JournalQuery& query) {
  auto journal = open_journal(query);
  if (!journal) return Failed(journal.error());
  return query.after.empty() ? read_last(*journal, query) : read_after(*journal, query);
}

}  // namespace labgpu
