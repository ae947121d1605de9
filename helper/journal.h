// What the helper logged of logins and containers, read back from the journal.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "helper/date.h"
#include "helper/error.h"

namespace labgpu {

struct JournalQuery {
  std::optional<std::string> user;  // else all
  size_t lines = 100;
  Microseconds since = 0;
  std::string after;  // a cursor of the journal's; empty: the last ones are wanted
};

struct JournalEntry {
  Microseconds at = 0;
  std::string event;  // of life_log.h
  std::string user;
  std::string container;  // may be empty
  std::string message;
};

struct JournalPage {
  std::vector<JournalEntry> entries;  // the oldest first
  std::string cursor;                 // of the last one; empty when there is none
};

// Reads files, so it is for a worker's thread. Only what root's labgpud wrote counts: everybody can
// write to the journal, but not as root (systemd.journal-fields(7), trusted fields).
Result<JournalPage> read_journal(const JournalQuery& query);

}  // namespace labgpu
