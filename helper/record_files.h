// Where the file of a record is, which version of it, and what is in it.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "helper/error.h"
#include "helper/record_store.h"

namespace labgpu {

inline constexpr std::array kRecordKinds = {RecordKind::kUsers, RecordKind::kIds,
                                            RecordKind::kServer};

class RecordFiles {
 public:
  // `state_directory`: /var/lib/labgpu
  explicit RecordFiles(std::string state_directory)
      : state_directory_(std::move(state_directory)) {}

  [[nodiscard]] const std::string& state_directory() const { return state_directory_; }
  [[nodiscard]] std::string directory(RecordKind kind) const;
  [[nodiscard]] std::string path(RecordKind kind, const std::string& name) const;
  // kNoRecord when there is no such file.
  [[nodiscard]] Result<RecordVersion> version(RecordKind kind, const std::string& name) const;

  // The names of all records of a kind, in their order.
  [[nodiscard]] Result<std::vector<std::string>> names(RecordKind kind) const;
  // kNotFound when there is no such file.
  [[nodiscard]] Result<StoredRecord> read(RecordKind kind, const std::string& name) const;

  // "alice.json"
  static std::string file_name(const std::string& name);
  // "alice"; nothing for a file that is no record: a temporary one, an editor's copy.
  static std::optional<std::string> record_name(const std::string& file_name);

 private:
  std::string state_directory_;
};

}  // namespace labgpu
