// Writes log lines to the journal or to stderr.
#include "helper/log.h"

// SD_JOURNAL_SUPPRESS_LOCATION: CODE_FILE and friends would only ever name this file.
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include <vector>

namespace labgpu {

namespace {

struct Target {
  bool journal = true;
  bool debug = false;
};
Target target;

// The bytes that end a line or drive a terminal; UTF-8 above 0x7f stays.
std::string printable(std::string_view text) {
  std::string clean(text);
  for (char& c : clean) {
    auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) c = '?';
  }
  return clean;
}

const char* level_name(LogLevel level) {
  switch (level) {
    case LogLevel::kError:
      return "error";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kNotice:
      return "notice";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kDebug:
      return "debug";
  }
  return "unknown";
}

// "level: message [USER=alice CONTAINER=…]": the fields without the prefix they share.
void write_stderr(LogLevel level, std::string_view message, const std::vector<LogField>& fields) {
  constexpr std::string_view kPrefix = "LABGPU_";
  std::string line = std::string(level_name(level)) + ": " + printable(message);
  const char* separator = " [";
  for (const LogField& field : fields) {
    std::string_view name = field.name;
    if (name.substr(0, kPrefix.size()) == kPrefix) name.remove_prefix(kPrefix.size());
    line.append(separator).append(name).append("=").append(printable(field.value));
    separator = " ";
  }
  line.append(fields.empty() ? "\n" : "]\n");
  // One write(2), so that lines of several processes do not mix. When stderr is gone, so is the
  // log.
  [[maybe_unused]] ssize_t written = write(STDERR_FILENO, line.data(), line.size());
}

void write_journal(LogLevel level, std::string_view message, const std::vector<LogField>& fields) {
  std::vector<std::string> entries;
  entries.reserve(fields.size() + 3);
  entries.push_back("PRIORITY=" + std::to_string(static_cast<int>(level)));
  entries.emplace_back("SYSLOG_IDENTIFIER=labgpud");
  entries.push_back("MESSAGE=" + printable(message));
  for (const LogField& field : fields) {
    entries.push_back(std::string(field.name) + "=" + printable(field.value));
  }
  std::vector<iovec> parts;
  parts.reserve(entries.size());
  for (std::string& entry : entries) parts.push_back({entry.data(), entry.size()});
  // sd_journal_sendv(3) is silent where no journal runs.
  sd_journal_sendv(parts.data(), static_cast<int>(parts.size()));
}

}  // namespace

void log_to_stderr(bool debug) { target = {.journal = false, .debug = debug}; }

void log_to_journal(bool debug) { target = {.journal = true, .debug = debug}; }

void log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  if (level == LogLevel::kDebug && !target.debug) return;
  std::vector<LogField> told(fields);
  std::erase_if(told, [](const LogField& field) { return field.value.empty(); });
  if (target.journal) {
    write_journal(level, message, told);
  } else {
    write_stderr(level, message, told);
  }
}

}  // namespace labgpu
