// Paths, versions and contents of records' files.
#include "helper/record_files.h"

#include <errno.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "helper/read_file.h"

namespace labgpu {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".json";

const char* name_of(RecordKind kind) {
  switch (kind) {
    case RecordKind::kUsers:
      return "users";
    case RecordKind::kIds:
      return "ids";
    case RecordKind::kServer:
      break;
  }
  return "server";
}

}  // namespace

std::string RecordFiles::directory(RecordKind kind) const {
  return state_directory_ + "/" + name_of(kind);
}

std::string RecordFiles::path(RecordKind kind, const std::string& name) const {
  return directory(kind) + "/" + file_name(name);
}

std::string RecordFiles::file_name(const std::string& name) { return name + std::string(kSuffix); }

std::optional<std::string> RecordFiles::record_name(const std::string& file_name) {
  std::string_view name = file_name;
  if (!name.ends_with(kSuffix) || name.starts_with('.')) return std::nullopt;
  name.remove_suffix(kSuffix.size());
  return std::string(name);
}

// A file that is replaced is another inode, and one that is edited in place has another time. The
// time of the inode's own change is left out: a hard link, as some backups make it, changes it too.
Result<RecordVersion> RecordFiles::version(RecordKind kind, const std::string& name) const {
  auto file = path(kind, name);
  struct stat status {};
  if (stat(file.c_str(), &status) != 0) {
    if (errno == ENOENT) return RecordVersion(kNoRecord);
    return fail_errno("look at " + file, errno);
  }
  if (!S_ISREG(status.st_mode)) return fail(ErrorCode::kInvalid, file + " is not a file");
  return std::to_string(status.st_dev) + "." + std::to_string(status.st_ino) + "." +
         std::to_string(status.st_size) + "." + std::to_string(status.st_mtim.tv_sec) + "." +
         std::to_string(status.st_mtim.tv_nsec);
}

Result<std::vector<std::string>> RecordFiles::names(RecordKind kind) const {
  std::vector<std::string> names;
  auto listed = directory(kind);
  std::error_code error;
  for (fs::directory_iterator entry(listed, error), end; !error && entry != end;
       entry.increment(error)) {
    auto name = record_name(entry->path().filename().string());
    if (name) names.push_back(std::move(*name));
  }
  if (error) return fail_errno("list " + listed, error.value());
  std::sort(names.begin(), names.end());
  return names;
}

// The version first: if the file is changed in between, the text is newer than its version, and a
// change that starts from it is refused.
Result<StoredRecord> RecordFiles::read(RecordKind kind, const std::string& name) const {
  auto seen = version(kind, name);
  if (!seen) return Failed(seen.error());
  auto content = read_file(path(kind, name));
  if (!content) return Failed(content.error());
  return StoredRecord{std::move(*content), std::move(*seen)};
}

}  // namespace labgpu
