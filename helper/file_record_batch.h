// Many new records' files that are made together, or not at all.
//
// A list of them comes first and is removed last: what is in a list at the start of the helper was
// not committed, and goes. To take back needs no space on the disk.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "helper/record_files.h"
#include "helper/record_store.h"
#include "helper/task.h"

namespace labgpu {

class FileRecordBatch final : public RecordBatch {
 public:
  // There is one batch at a time, which `turn` stands for.
  FileRecordBatch(RecordFiles files, AsyncMutex::Guard turn);
  ~FileRecordBatch() override;

  // Writes the list. kExists when there is one of the records already.
  Result<void> begin(const std::vector<NewRecord>& records);
  // Writes some of them, in the order of the list.
  Result<void> write(std::span<const NewRecord> records);

  [[nodiscard]] const std::vector<RecordVersion>& versions() const override { return versions_; }
  Result<void> commit() override;

  // Takes back what an earlier process did not commit.
  static Result<void> recover(const RecordFiles& files);

 private:
  AsyncMutex::Guard turn_;  // goes last, since it wakes the next batch
  RecordFiles files_;
  std::vector<std::string> listed_;  // "users/alice"
  std::vector<RecordVersion> versions_;
};

}  // namespace labgpu
