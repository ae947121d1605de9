// A directory for one test, and short ways to write and read files in it.
#pragma once

#include <string>

namespace labgpu {

class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  // The path of an entry.
  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// Makes the file, and the directories above it.
void put(const std::string& path, const std::string& text);
// The bytes of a file that must be there.
std::string slurp(const std::string& path);
bool exists(const std::string& path);

}  // namespace labgpu
