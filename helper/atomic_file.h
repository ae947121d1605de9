// Replaces a file as a whole: whoever looks sees the old content or the new, also after a crash.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "common/unique_fd.h"
#include "helper/error.h"

namespace labgpu {

// A new file beside the one it will replace. Until commit() it is hidden under a name that begins
// with a dot, readable by its owner alone; if commit() is never reached the destructor removes it
// and the old file stays as it was. Move-only.
class AtomicFile {
 public:
  // Starts a replacement of `path`, whose directory must exist.
  static Result<AtomicFile> create(const std::string& path);

  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&& other) noexcept;
  ~AtomicFile();

  // The new file's descriptor, borrowed, to read and write.
  [[nodiscard]] int fd() const { return file_.get(); }
  // Appends all of `content`.
  Result<void> write(std::string_view content);

  // Gives the file its owner and mode, makes it durable and moves it into place. On failure the old
  // file is untouched, with one exception: when only the directory could not be made durable the
  // new file is in place, and a crash of the machine may still bring the old one back.
  Result<void> commit(mode_t mode, uid_t uid, gid_t gid);
  // commit() for each of many, with the waiting for the disk done for all at once. On failure some
  // may be in place.
  static Result<void> commit_all(std::vector<AtomicFile>& files, mode_t mode, uid_t uid, gid_t gid);

 private:
  AtomicFile(std::string path, std::string temporary, UniqueFd directory, UniqueFd file);
  [[nodiscard]] Failed failed(const char* action, int errno_value) const;
  Result<void> set_owner(mode_t mode, uid_t uid, gid_t gid);
  Result<void> sync() const;
  Result<void> move_into_place();
  [[nodiscard]] Result<void> sync_directory() const;
  void discard();

  std::string path_;       // for messages
  std::string temporary_;  // name in the directory; empty when there is nothing to remove
  UniqueFd directory_;
  UniqueFd file_;
};

// The common case: `content` as the whole of `path`.
Result<void> replace_file(const std::string& path, std::string_view content, mode_t mode, uid_t uid,
                          gid_t gid);

// Removes a file for good: also after a crash of the machine. Absent is success.
Result<void> remove_file(const std::string& path);
// The same for many files of one directory, whose names are given.
Result<void> remove_files(const std::string& directory, const std::vector<std::string>& names);

}  // namespace labgpu
