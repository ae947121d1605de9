// Maintenance mode and its record.
#include "helper/maintenance.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "helper/json_fields.h"
#include "helper/log.h"

namespace labgpu {

namespace {

constexpr char kWord[] = "message";
constexpr char kRecord[] = "maintenance";

Result<void> check_word(const std::string& word) {
  constexpr size_t kLongest = 500;
  if (word.size() > kLongest) {
    return fail(ErrorCode::kInvalid, "the text for maintenance must have at most 500 bytes");
  }
  bool printable = std::all_of(word.begin(), word.end(), [](char c) {
    auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && byte != 0x7f;
  });
  if (printable) return {};
  return fail(ErrorCode::kInvalid,
              "the text for maintenance must be one line without control characters");
}

Result<std::string> word_from(const std::string& text) {
  auto parsed = parse_json(text, false);
  if (!parsed) return Failed(parsed.error());
  JsonFields fields(*parsed, "");
  auto word = fields.required_text(kWord);
  if (auto done = fields.finish(); !done) return Failed(done.error());
  return word;
}

}  // namespace

Result<Maintenance> Maintenance::open(RecordStore& records) {
  Maintenance maintenance(records);
  auto stored = records.get(RecordKind::kServer, kRecord);
  if (!stored && stored.error().code == ErrorCode::kNotFound) return maintenance;
  if (!stored) return Failed(stored.error());
  auto word = word_from(stored->content);
  maintenance.word_ = word.value_or("");
  if (word) {
    log(LogLevel::kNotice, "maintenance is on, so new logins are refused: " + *word);
  } else {
    log(LogLevel::kError,
        records.place(RecordKind::kServer, kRecord) +
            " is damaged, so maintenance is on; labgpu maintenance off ends it: " +
            word.error().message);
  }
  return maintenance;
}

Result<RecordVersion> Maintenance::version_now() const {
  auto stored = records_->get(RecordKind::kServer, kRecord);
  if (stored) return stored->version;
  if (stored.error().code == ErrorCode::kNotFound) return RecordVersion(kNoRecord);
  return Failed(stored.error());
}

Result<void> Maintenance::begin(const std::string& word) {
  if (auto good = check_word(word); !good) return good;
  nlohmann::json content = {{kWord, word}};
  auto written = version_now().and_then([&](const RecordVersion& seen) {
    return records_->put_if_unchanged(RecordKind::kServer, kRecord, content.dump(2) + "\n", seen);
  });
  if (!written) return Failed(written.error());
  word_ = word;
  return {};
}

Result<void> Maintenance::end() {
  auto removed = version_now().and_then([this](const RecordVersion& seen) {
    return records_->remove_if_unchanged(RecordKind::kServer, kRecord, seen);
  });
  if (!removed) return removed;
  word_.reset();
  return {};
}

}  // namespace labgpu
