// A new file that labgpu writes for a user, where that user may have put anything and may change
// everything meanwhile: the one place where such a file is opened.
#pragma once

#include <string>
#include <vector>

#include "common/unique_fd.h"
#include "helper/account.h"
#include "helper/error.h"
#include "helper/setting_mounts.h"

namespace labgpu {

// Written as FILE.part, which goes unless keep() says that it is whole. What holds for it:
// - its directory is the account's home or one of `mounts` that can be written to, or below; no
//   symbolic link is followed there, and no "..";
// - its directory belongs to the account, so that nothing is written where the user could not;
// - it belongs to the account from its first byte on, so that it counts for their quota;
// - no file that is there is replaced.
class UserFile {
 public:
  // `path` as the container has it; one that is not absolute begins in the home. kInvalid, kDenied
  // and kExists say what is wrong with it.
  static Result<UserFile> create(const Account& account, const std::vector<Mount>& mounts,
                                 const std::string& path);
  UserFile(UserFile&&) noexcept;
  UserFile& operator=(UserFile&&) = delete;
  ~UserFile();

  // Of the file, for writing.
  [[nodiscard]] int fd() const { return file_.get(); }
  // As the container has it.
  [[nodiscard]] const std::string& path() const { return path_; }
  // It is on disk and has its name afterwards.
  Result<void> keep();

 private:
  UserFile() = default;

  std::string path_;
  std::string name_;
  UniqueFd directory_;  // O_PATH
  UniqueFd file_;       // until it is kept
};

}  // namespace labgpu
