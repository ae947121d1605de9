// The list of an unfinished batch, and the files in it.
#include "helper/file_record_batch.h"

#include <map>
#include <utility>

#include "helper/atomic_file.h"
#include "helper/json_fields.h"
#include "helper/log.h"
#include "helper/read_file.h"

namespace labgpu {

namespace {

constexpr char kDocuments[] = "documents";
constexpr mode_t kSecret = 0600;

std::string list_path(const RecordFiles& files) {
  return files.state_directory() + "/unfinished.json";
}

std::string listed_name(const RecordFiles& files, const NewRecord& record) {
  return files.path(record.kind, record.name).substr(files.state_directory().size() + 1);
}

// "users/alice.json" and the like; nothing that leads anywhere else.
bool is_listed_name(const RecordFiles& files, const std::string& listed) {
  auto slash = listed.find('/');
  if (slash == std::string::npos || listed.find('/', slash + 1) != std::string::npos) return false;
  auto directory = files.state_directory() + "/" + listed.substr(0, slash);
  for (auto kind : kRecordKinds) {
    if (directory == files.directory(kind)) {
      return RecordFiles::record_name(listed.substr(slash + 1)).has_value();
    }
  }
  return false;
}

Result<std::vector<std::string>> read_list(const RecordFiles& files, const std::string& text) {
  auto parsed = parse_json(text, false);
  if (!parsed) return Failed(parsed.error());
  JsonFields fields(*parsed, "");
  auto listed = fields.required_texts(kDocuments);
  for (const auto& name : listed) {
    if (!is_listed_name(files, name)) fields.refuse(kDocuments, "must be names of records");
  }
  if (auto done = fields.finish(); !done) return Failed(done.error());
  return listed;
}

// The list goes when nothing of it is left.
Result<void> take_back(const RecordFiles& files, const std::vector<std::string>& listed) {
  std::map<std::string, std::vector<std::string>> by_directory;
  for (const auto& name : listed) {
    auto slash = name.find('/');
    by_directory[name.substr(0, slash)].push_back(name.substr(slash + 1));
  }
  for (const auto& [directory, names] : by_directory) {
    auto removed = remove_files(files.state_directory() + "/" + directory, names);
    if (!removed) return removed;
  }
  return remove_file(list_path(files));
}

}  // namespace

FileRecordBatch::FileRecordBatch(RecordFiles files, AsyncMutex::Guard turn)
    : turn_(std::move(turn)), files_(std::move(files)) {}

FileRecordBatch::~FileRecordBatch() {
  if (listed_.empty()) return;
  if (auto done = take_back(files_, listed_); !done) {
    log(LogLevel::kError,
        "records of a change that failed are still there; they go when labgpud "
        "is restarted: " +
            done.error().message);
  }
}

Result<void> FileRecordBatch::begin(const std::vector<NewRecord>& records) {
  if (records.empty()) return {};
  std::vector<std::string> names;
  names.reserve(records.size());
  for (const auto& record : records) {
    auto version = files_.version(record.kind, record.name);
    if (!version) return Failed(version.error());
    auto name = listed_name(files_, record);
    if (*version != kNoRecord) return fail(ErrorCode::kExists, name + " is there already");
    names.push_back(std::move(name));
  }
  nlohmann::json list = {{kDocuments, names}};
  auto written = replace_file(list_path(files_), list.dump() + "\n", kSecret, 0, 0);
  if (!written) return written;
  listed_ = std::move(names);
  return {};
}

Result<void> FileRecordBatch::write(std::span<const NewRecord> records) {
  std::vector<AtomicFile> made;
  made.reserve(records.size());
  for (const auto& record : records) {
    auto file = AtomicFile::create(files_.path(record.kind, record.name));
    if (!file) return Failed(file.error());
    if (auto written = file->write(record.content); !written) return written;
    made.push_back(std::move(*file));
  }
  if (auto placed = AtomicFile::commit_all(made, kSecret, 0, 0); !placed) return placed;
  for (const auto& record : records) {
    auto version = files_.version(record.kind, record.name);
    if (!version) return Failed(version.error());
    versions_.push_back(std::move(*version));
  }
  return {};
}

Result<void> FileRecordBatch::commit() {
  if (auto removed = remove_file(list_path(files_)); !removed) return removed;
  listed_.clear();
  return {};
}

Result<void> FileRecordBatch::recover(const RecordFiles& files) {
  auto path = list_path(files);
  auto text = read_file(path);
  if (!text && text.error().code == ErrorCode::kNotFound) return {};
  if (!text) return Failed(text.error());
  auto listed = read_list(files, *text);
  if (!listed) return wrap(path + " is damaged, so delete it", listed.error());
  auto done = take_back(files, *listed);
  if (!done) return wrap("take back the unfinished change in " + path, done.error());
  log(LogLevel::kNotice, "a change that was not finished is taken back: " +
                             std::to_string(listed->size()) + " new records are gone");
  return {};
}

}  // namespace labgpu
