// Maintenance mode and its file.
#include "helper/maintenance.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "helper/atomic_file.h"
#include "helper/json_fields.h"
#include "helper/log.h"
#include "helper/read_file.h"

namespace labgpu {

namespace {

constexpr char kWord[] = "message";
constexpr mode_t kSecret = 0600;

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

Result<Maintenance> Maintenance::open(const std::string& state_directory) {
  Maintenance maintenance(state_directory + "/maintenance.json");
  auto text = read_file(maintenance.path_);
  if (!text && text.error().code == ErrorCode::kNotFound) return maintenance;
  if (!text) return Failed(text.error());
  auto word = word_from(*text);
  maintenance.word_ = word.value_or("");
  if (word) {
    log(LogLevel::kNotice, "maintenance is on, so new logins are refused: " + *word);
  } else {
    log(LogLevel::kError, maintenance.path_ + " is damaged, so maintenance is on; labgpu " +
                              "maintenance off ends it: " + word.error().message);
  }
  return maintenance;
}

Result<void> Maintenance::begin(const std::string& word) {
  if (auto good = check_word(word); !good) return good;
  nlohmann::json content = {{kWord, word}};
  auto written = replace_file(path_, content.dump(2) + "\n", kSecret, 0, 0);
  if (!written) return written;
  word_ = word;
  return {};
}

Result<void> Maintenance::end() {
  if (auto removed = remove_file(path_); !removed) return removed;
  word_.reset();
  return {};
}

}  // namespace labgpu
