// Keeps a directory of empty files.
#include "helper/indexed_names.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>
#include <unordered_set>
#include <vector>

#include "common/unique_fd.h"

namespace labgpu {

namespace {

Result<std::vector<std::string>> list(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  if (error) return fail_errno("list " + directory, error.value());
  return names;
}

}  // namespace

Result<void> add_indexed_names(const std::string& directory,
                               const std::set<std::string_view>& names) {
  // The mode whatever the umask is: everybody asks.
  if (mkdir(directory.c_str(), 0700) == 0) {
    if (chmod(directory.c_str(), 0755) != 0) return fail_errno("set up " + directory, errno);
  } else if (errno != EEXIST) {
    return fail_errno("make the directory " + directory, errno);
  }
  auto there = list(directory);
  if (!there) return Failed(there.error());
  const std::unordered_set<std::string_view> known(there->begin(), there->end());
  UniqueFd folder(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.valid()) return fail_errno("open " + directory, errno);
  bool added = false;
  for (std::string_view name : names) {
    if (known.contains(name)) continue;
    UniqueFd file(openat(folder.get(), std::string(name).c_str(),
                         O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644));
    if (!file.valid()) return fail_errno("make " + directory + "/" + std::string(name), errno);
    added = true;
  }
  // On the disk before the index says more.
  if (added && fsync(folder.get()) != 0) return fail_errno("write " + directory, errno);
  return {};
}

Result<void> remove_other_indexed_names(const std::string& directory,
                                        const std::set<std::string_view>& names) {
  auto there = list(directory);
  if (!there) return Failed(there.error());
  for (const std::string& name : *there) {
    if (names.contains(name)) continue;
    auto path = directory + "/" + name;
    if (unlink(path.c_str()) != 0 && errno != ENOENT) return fail_errno("remove " + path, errno);
  }
  return {};
}

}  // namespace labgpu
