// Maintenance mode: whether new logins are refused now, and the administrator's word for them.
//
// Kept in a file, so that it outlives the helper and the machine's reboot.
#pragma once

#include <optional>
#include <string>

#include "helper/error.h"

namespace labgpu {

class Maintenance {
 public:
  // Reads what was kept. A file that cannot be understood is logged and means "on, without a word":
  // whoever is at work on the server must not be disturbed because of it.
  static Result<Maintenance> open(const std::string& state_directory);

  // Absent: the server is on duty.
  [[nodiscard]] const std::optional<std::string>& word() const { return word_; }

  // A word is one line of at most 500 bytes, or empty. kInvalid for another one.
  Result<void> begin(const std::string& word);
  Result<void> end();

 private:
  explicit Maintenance(std::string path) : path_(std::move(path)) {}

  std::string path_;
  std::optional<std::string> word_;
};

}  // namespace labgpu
