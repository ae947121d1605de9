// The files behind the records: <kind>/<name>.json below the state directory (/var/lib/labgpu).
//
// Every file is replaced whole and readable by root alone. One that somebody else edits, restores
// or removes has another version, like after any change. One process at a time has the directory.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/unique_fd.h"
#include "helper/directory_watch.h"
#include "helper/event_loop.h"
#include "helper/record_files.h"
#include "helper/record_store.h"
#include "helper/task.h"

namespace labgpu {

class FileRecordStore final : public RecordStore {
 public:
  // Makes the directories that are missing and takes back a batch that a crash left unfinished.
  // kUnavailable when another process has the directory. The loop must outlive the store.
  static Result<std::unique_ptr<FileRecordStore>> open(EventLoop& loop,
                                                       const std::string& state_directory);

  [[nodiscard]] std::string place(RecordKind kind, const std::string& name) const override {
    return files_.path(kind, name);
  }
  [[nodiscard]] Result<std::vector<std::string>> list(RecordKind kind) const override {
    return files_.names(kind);
  }
  [[nodiscard]] Result<StoredRecord> get(RecordKind kind, const std::string& name) const override {
    return files_.read(kind, name);
  }
  Result<RecordVersion> put_if_unchanged(RecordKind kind, const std::string& name,
                                         const std::string& content,
                                         const RecordVersion& seen) override;
  Result<void> remove_if_unchanged(RecordKind kind, const std::string& name,
                                   const RecordVersion& seen) override;
  Task<Result<std::unique_ptr<RecordBatch>>> create_all(std::vector<NewRecord> records) override;
  Result<void> watch(RecordKind kind, Changed changed) override;

 private:
  FileRecordStore(EventLoop& loop, RecordFiles files, UniqueFd lock);
  [[nodiscard]] Result<void> check_unchanged(RecordKind kind, const std::string& name,
                                             const RecordVersion& seen) const;
  [[nodiscard]] Result<RecordChanges> look_at(RecordKind kind, const std::set<std::string>& files,
                                              bool all) const;

  EventLoop& loop_;
  RecordFiles files_;
  UniqueFd lock_;  // of the state directory, flock(2)
  AsyncMutex batches_;
  std::map<RecordKind, DirectoryWatch> watches_;
};

}  // namespace labgpu
