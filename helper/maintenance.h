// Maintenance mode: whether new logins are refused now, and the administrator's word for them.
//
// Kept as a record, so that it outlives the helper and the machine's reboot.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "helper/error.h"
#include "helper/record_store.h"

namespace labgpu {

class Maintenance {
 public:
  // Reads what was kept. A record that cannot be understood is logged and means "on, without a
  // word": whoever is at work on the server must not be disturbed because of it. `records` must
  // outlive the object.
  static Result<Maintenance> open(RecordStore& records);

  // Absent: the server is on duty.
  [[nodiscard]] const std::optional<std::string>& word() const { return word_; }

  // A word is one line of at most 500 bytes, or empty. kInvalid for another one.
  Result<void> begin(const std::string& word);
  Result<void> end();

 private:
  explicit Maintenance(RecordStore& records) : records_(&records) {}

  // The word of an administrator counts, whatever was done to the record since.
  [[nodiscard]] Result<RecordVersion> version_now() const;

  RecordStore* records_;
  std::optional<std::string> word_;
};

}  // namespace labgpu
