// Temporary file, fsync, rename, fsync of the directory.
#include "helper/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>
#include <thread>
#include <utility>

namespace labgpu {

namespace {

// One name per file, so that what a killed helper left behind is taken over by the next write
// instead of piling up. The helper is the only writer.
std::string temporary_name(const std::string& file_name) { return "." + file_name + ".new"; }

}  // namespace

AtomicFile::AtomicFile(std::string path, std::string temporary, UniqueFd directory, UniqueFd file)
    : path_(std::move(path)),
      temporary_(std::move(temporary)),
      directory_(std::move(directory)),
      file_(std::move(file)) {}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})),
      directory_(std::move(other.directory_)),
      file_(std::move(other.file_)) {}

AtomicFile& AtomicFile::operator=(AtomicFile&& other) noexcept {
  if (this != &other) {
    discard();
    path_ = std::move(other.path_);
    temporary_ = std::exchange(other.temporary_, {});
    directory_ = std::move(other.directory_);
    file_ = std::move(other.file_);
  }
  return *this;
}

AtomicFile::~AtomicFile() { discard(); }

void AtomicFile::discard() {
  if (!temporary_.empty()) unlinkat(directory_.get(), temporary_.c_str(), 0);
  temporary_.clear();
}

Failed AtomicFile::failed(const char* action, int errno_value) const {
  return fail_errno(path_ + " stays as it was: cannot " + action + " its new version", errno_value);
}

Result<AtomicFile> AtomicFile::create(const std::string& path) {
  std::filesystem::path target(path);
  std::string folder = target.has_parent_path() ? target.parent_path().string() : ".";
  UniqueFd directory(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid()) return fail_errno("cannot open the directory " + folder, errno);
  std::string temporary = temporary_name(target.filename().string());
  unlinkat(directory.get(), temporary.c_str(), 0);
  UniqueFd file(openat(directory.get(), temporary.c_str(),
                       O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.valid()) return fail_errno("cannot create a new version of " + path, errno);
  return AtomicFile(path, std::move(temporary), std::move(directory), std::move(file));
}

Result<void> AtomicFile::write(std::string_view content) {
  while (!content.empty()) {
    ssize_t written = ::write(file_.get(), content.data(), content.size());
    if (written >= 0) {
      content.remove_prefix(static_cast<size_t>(written));
    } else if (errno != EINTR) {
      return failed("write", errno);
    }
  }
  return {};
}

Result<void> AtomicFile::set_owner(mode_t mode, uid_t uid, gid_t gid) {
  // The owner first: chown(2) may clear mode bits.
  if (fchown(file_.get(), uid, gid) != 0) return failed("set the owner of", errno);
  if (fchmod(file_.get(), mode) != 0) return failed("set the mode of", errno);
  return {};
}

Result<void> AtomicFile::sync() const {
  if (fsync(file_.get()) != 0) return failed("make durable", errno);
  return {};
}

Result<void> AtomicFile::move_into_place() {
  std::string name = std::filesystem::path(path_).filename().string();
  if (renameat(directory_.get(), temporary_.c_str(), directory_.get(), name.c_str()) != 0) {
    return failed("move into place", errno);
  }
  temporary_.clear();
  return {};
}

Result<void> AtomicFile::sync_directory() const {
  if (fsync(directory_.get()) == 0) return {};
  return fail_errno(path_ + " is replaced, but its directory cannot be made durable", errno);
}

Result<void> AtomicFile::commit(mode_t mode, uid_t uid, gid_t gid) {
  return set_owner(mode, uid, gid)
      .and_then([this] { return sync(); })
      .and_then([this] { return move_into_place(); })
      .and_then([this] { return sync_directory(); });
}

// A file system writes what many threads wait for in one go: on ext4 sixteen fsync(2) at once take
// hardly longer than one.
Result<void> AtomicFile::commit_all(std::vector<AtomicFile>& files, mode_t mode, uid_t uid,
                                    gid_t gid) {
  constexpr size_t kThreads = 16;
  for (auto& file : files) {
    if (auto owned = file.set_owner(mode, uid, gid); !owned) return owned;
  }
  std::vector<Result<void>> synced(files.size());
  auto sync_some = [&files, &synced](size_t first) {
    for (size_t i = first; i < files.size(); i += kThreads) synced[i] = files[i].sync();
  };
  {
    std::vector<std::jthread> threads;
    for (size_t first = 0; first < std::min(kThreads, files.size()); ++first) {
      try {
        threads.emplace_back(sync_some, first);
      } catch (const std::system_error&) {
        sync_some(first);  // no thread to be had: then one after the other
      }
    }
  }
  for (const auto& each : synced) {
    if (!each) return each;
  }
  std::set<std::string> directories;
  for (auto& file : files) {
    if (auto moved = file.move_into_place(); !moved) return moved;
  }
  for (const auto& file : files) {
    auto directory = std::filesystem::path(file.path_).parent_path().string();
    if (!directories.insert(directory).second) continue;
    if (auto durable = file.sync_directory(); !durable) return durable;
  }
  return {};
}

Result<void> replace_file(const std::string& path, std::string_view content, mode_t mode, uid_t uid,
                          gid_t gid) {
  auto file = AtomicFile::create(path);
  if (!file) return tl::make_unexpected(file.error());
  auto written = file->write(content);
  if (!written) return written;
  return file->commit(mode, uid, gid);
}

Result<void> remove_file(const std::string& path) {
  std::filesystem::path target(path);
  return remove_files(target.parent_path().string(), {target.filename().string()});
}

Result<void> remove_files(const std::string& directory, const std::vector<std::string>& names) {
  bool removed = false;
  for (const auto& name : names) {
    auto path = directory + "/" + name;
    if (unlink(path.c_str()) == 0) {
      removed = true;
    } else if (int error = errno; error != ENOENT) {
      return fail_errno("remove " + path, error);
    }
  }
  if (!removed) return {};
  UniqueFd opened(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened.valid() || fsync(opened.get()) != 0) return fail_errno("sync " + directory, errno);
  return {};
}

}  // namespace labgpu
