// Records as files.
#include "helper/file_record_store.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <span>
#include <utility>

#include "helper/atomic_file.h"
#include "helper/file_record_batch.h"
#include "helper/log.h"

namespace labgpu {

namespace {

constexpr mode_t kSecret = 0600;

Result<void> make_directory(const std::string& path, mode_t mode) {
  if (mkdir(path.c_str(), 0700) != 0) {
    if (errno == EEXIST) return {};
    return fail_errno("make the directory " + path, errno);
  }
  if (chmod(path.c_str(), mode) != 0) return fail_errno("set up " + path, errno);
  return {};
}

// Two helpers would each know half of the accounts and write their index over the other's.
Result<UniqueFd> lock_directory(const std::string& path) {
  UniqueFd directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid()) return fail_errno("open " + path, errno);
  if (flock(directory.get(), LOCK_EX | LOCK_NB) == 0) return directory;
  if (errno != EWOULDBLOCK) return fail_errno("lock " + path, errno);
  return fail(ErrorCode::kUnavailable,
              "another labgpud has " + path + ": end it first, or use another --state-directory");
}

}  // namespace

FileRecordStore::FileRecordStore(EventLoop& loop, RecordFiles files, UniqueFd lock)
    : loop_(loop), files_(std::move(files)), lock_(std::move(lock)) {}

Result<std::unique_ptr<FileRecordStore>> FileRecordStore::open(EventLoop& loop,
                                                               const std::string& state_directory) {
  RecordFiles files(state_directory);
  // What sshd and everybody may read is reached through the state directory itself.
  if (auto made = make_directory(state_directory, 0755); !made) return Failed(made.error());
  auto lock = lock_directory(state_directory);
  if (!lock) return Failed(lock.error());
  for (auto kind : kRecordKinds) {
    if (auto made = make_directory(files.directory(kind), 0700); !made) {
      return Failed(made.error());
    }
  }
  if (auto done = FileRecordBatch::recover(files); !done) return Failed(done.error());
  return std::unique_ptr<FileRecordStore>(
      new FileRecordStore(loop, std::move(files), std::move(*lock)));
}

Result<void> FileRecordStore::check_unchanged(RecordKind kind, const std::string& name,
                                              const RecordVersion& seen) const {
  auto version = files_.version(kind, name);
  if (!version) return Failed(version.error());
  if (*version == seen) return {};
  return fail(ErrorCode::kExists, files_.path(kind, name) + " is not what it was");
}

Result<RecordVersion> FileRecordStore::put_if_unchanged(RecordKind kind, const std::string& name,
                                                        const std::string& content,
                                                        const RecordVersion& seen) {
  if (auto same = check_unchanged(kind, name, seen); !same) return Failed(same.error());
  auto written = replace_file(files_.path(kind, name), content, kSecret, 0, 0);
  if (!written) return Failed(written.error());
  return files_.version(kind, name);
}

Result<void> FileRecordStore::remove_if_unchanged(RecordKind kind, const std::string& name,
                                                  const RecordVersion& seen) {
  if (auto same = check_unchanged(kind, name, seen); !same) return same;
  return remove_file(files_.path(kind, name));
}

Task<Result<std::unique_ptr<RecordBatch>>> FileRecordStore::create_all(
    std::vector<NewRecord> records) {
  // The loop gets its turn after each portion, which takes some milliseconds.
  constexpr size_t kPortion = 64;
  AsyncMutex::Guard turn = co_await batches_.lock();
  auto batch = std::make_unique<FileRecordBatch>(files_, std::move(turn));
  if (auto begun = batch->begin(records); !begun) co_return Failed(begun.error());
  std::span<const NewRecord> left(records);
  while (!left.empty()) {
    auto portion = left.first(std::min(kPortion, left.size()));
    if (auto written = batch->write(portion); !written) co_return Failed(written.error());
    left = left.subspan(portion.size());
    co_await loop_.turn();
  }
  co_return std::unique_ptr<RecordBatch>(std::move(batch));
}

Result<RecordChanges> FileRecordStore::look_at(RecordKind kind, const std::set<std::string>& files,
                                               bool all) const {
  RecordChanges changes;
  changes.complete = all;
  std::vector<std::string> names;
  if (all) {
    auto listed = list(kind);
    if (!listed) return Failed(listed.error());
    names = std::move(*listed);
  } else {
    for (const auto& file : files) {
      if (auto name = RecordFiles::record_name(file)) names.push_back(std::move(*name));
    }
  }
  for (auto& name : names) {
    // One that cannot be looked at is told by get(), to whoever wants it.
    auto version = files_.version(kind, name).value_or("?");
    changes.records.push_back({std::move(name), std::move(version)});
  }
  return changes;
}

Result<void> FileRecordStore::watch(RecordKind kind, Changed changed) {
  auto tell = [this, kind, changed = std::move(changed)](const std::set<std::string>& files,
                                                         bool all) {
    auto seen = look_at(kind, files, all);
    if (seen) {
      if (!seen->records.empty() || seen->complete) changed(*seen);
    } else {
      log(LogLevel::kError,
          "changes that were made by hand do not count until labgpud is "
          "restarted: " +
              seen.error().message);
    }
  };
  auto made = watches_.try_emplace(kind, loop_, files_.directory(kind), std::move(tell));
  return made.first->second.start();
}

}  // namespace labgpu
