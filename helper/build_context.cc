// Walks down a user's directory by descriptors, and packs what is there.
#include "helper/build_context.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "helper/build_recipe.h"
#include "helper/home_directory.h"
#include "helper/tar_writer.h"

namespace labgpu {

namespace {

constexpr size_t kLargestRecipe = size_t{256} * 1024;
// A descriptor for each level.
constexpr unsigned kDeepest = 64;

// The thing itself, whatever it is; nothing is opened for reading, so a device or a FIFO notices
// nothing. EXDEV for a mount.
UniqueFd open_path(int parent, const char* name) {
  open_how how{};
  how.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;
  return UniqueFd(static_cast<int>(syscall(SYS_openat2, parent, name, &how, sizeof how)));
}

// What open_path() found, by itself and not by its name, which may mean something else by now.
UniqueFd reopen(const UniqueFd& path, int flags) {
  auto name = "/proc/self/fd/" + std::to_string(path.get());
  return UniqueFd(open(name.c_str(), O_RDONLY | O_CLOEXEC | flags));
}

Failed unusable(const std::string& name, const std::string& why) {
  constexpr size_t kLongestShown = 300;
  return fail(ErrorCode::kInvalid, std::string("~/") + kBuildDirectory + "/" +
                                       name.substr(0, kLongestShown) + " " + why);
}

Result<std::vector<std::string>> names_in(UniqueFd directory, const std::string& name) {
  DIR* stream = fdopendir(directory.get());
  if (stream == nullptr) return unusable(name, strerror(errno));
  static_cast<void>(directory.release());
  std::vector<std::string> names;
  while (const dirent* entry = readdir(stream)) {
    std::string_view one = entry->d_name;
    if (one != "." && one != "..") names.emplace_back(one);
  }
  closedir(stream);
  // In an order of its own, so that the same files are the same tar file.
  std::sort(names.begin(), names.end());
  return names;
}

class Packing {
 public:
  Packing(int file, BuildContextLimits limits, TreeWork& work)
      : limits_(limits), work_(work), tar_(file, limits.bytes) {}

  Result<void> run(int directory, const std::string& recipe) {
    auto done = tar_.add_text(kRecipeName, recipe);
    auto path = open_path(directory, ".");
    if (done) done = add_entries(path, "", 1);
    if (done) done = tar_.finish();
    return done;
  }
  [[nodiscard]] uint64_t size() const { return tar_.size(); }

 private:
  Result<void> add_entries(const UniqueFd& path, const std::string& name, unsigned depth) {
    auto directory = reopen(path, O_DIRECTORY);
    if (!directory.valid()) return unusable(name, strerror(errno));
    auto names = names_in(std::move(directory), name);
    if (!names) return Failed(names.error());
    for (const auto& one : *names) {
      bool is_recipe = name.empty() && one == kRecipeName;
      if (is_recipe) continue;
      auto done = add(path.get(), one, name.empty() ? one : name + "/" + one, depth);
      if (!done) return done;
    }
    return {};
  }

  Result<void> add(int parent, const std::string& last, const std::string& name, unsigned depth) {
    if (work_.stop) return fail(ErrorCode::kUnavailable, "the build was given up");
    if (++work_.entries > limits_.entries) {
      return fail(ErrorCode::kInvalid, std::string("~/") + kBuildDirectory + " has more than " +
                                           std::to_string(limits_.entries) +
                                           " files: take away what the image does not need");
    }
    auto path = open_path(parent, last.c_str());
    if (!path.valid()) {
      if (errno == ENOENT) return {};  // gone meanwhile
      return unusable(name, errno == EXDEV ? "is a mount, which is not read" : strerror(errno));
    }
    struct stat status {};
    if (fstat(path.get(), &status) != 0) return unusable(name, strerror(errno));
    auto done = add_thing(path, status, name, depth);
    if (done || done.error().code != ErrorCode::kInvalid) return done;
    if (done.error().message.starts_with("~/")) return done;
    return unusable(name, done.error().message);
  }

  Result<void> add_thing(const UniqueFd& path, const struct stat& status, const std::string& name,
                         unsigned depth) {
    if (S_ISDIR(status.st_mode)) {
      if (depth >= kDeepest) return unusable(name, "is nested too deeply");
      auto done = tar_.add_directory(name, status.st_mode, status.st_mtime);
      return done ? add_entries(path, name, depth + 1) : done;
    }
    if (S_ISREG(status.st_mode)) {
      auto file = reopen(path, 0);
      if (!file.valid()) return unusable(name, strerror(errno));
      return tar_.add_file(name, status.st_mode, status.st_mtime, file.get(),
                           static_cast<uint64_t>(status.st_size));
    }
    if (S_ISLNK(status.st_mode)) {
      std::array<char, PATH_MAX> target{};
      ssize_t size = readlinkat(path.get(), "", target.data(), target.size());
      if (size < 0) return unusable(name, strerror(errno));
      return tar_.add_link(name, {target.data(), static_cast<size_t>(size)}, status.st_mtime);
    }
    return unusable(name, "is neither a file, a directory nor a link: take it away");
  }

  BuildContextLimits limits_;
  TreeWork& work_;
  TarWriter tar_;
};

Result<std::string> read_dockerfile(int directory) {
  auto path = open_path(directory, kRecipeName);
  struct stat status {};
  if (!path.valid() || fstat(path.get(), &status) != 0) {
    if (errno == ENOENT) return unusable(kRecipeName, "is not there: write it first");
    return unusable(kRecipeName, strerror(errno));
  }
  if (!S_ISREG(status.st_mode)) return unusable(kRecipeName, "must be a file, and no link to one");
  auto file = reopen(path, 0);
  std::string text(kLargestRecipe + 1, '\0');
  size_t used = 0;
  while (file.valid() && used < text.size()) {
    ssize_t taken = read(file.get(), text.data() + used, text.size() - used);
    if (taken == 0) break;
    if (taken < 0) return unusable(kRecipeName, strerror(errno));
    used += static_cast<size_t>(taken);
  }
  if (!file.valid()) return unusable(kRecipeName, strerror(errno));
  if (used > kLargestRecipe) return unusable(kRecipeName, "is larger than 256 KiB");
  text.resize(used);
  return text;
}

// O_TMPFILE is not to be had on every file system (open(2)).
Result<UniqueFd> make_spool_file(const std::string& directory) {
  std::string name = directory + "/build-context.XXXXXX";
  UniqueFd file(mkostemp(name.data(), O_CLOEXEC));
  if (!file.valid()) return fail_errno("make a file in " + directory, errno);
  unlink(name.c_str());
  return file;
}

}  // namespace

Result<std::shared_ptr<const BuildContext>> pack_build_context(const std::string& home,
                                                               uint32_t uid,
                                                               const std::string& spool,
                                                               BuildContextLimits limits,
                                                               TreeWork& work) {
  auto directory = open_in_home(home, uid, kBuildDirectory);
  if (!directory) {
    if (directory.error().code != ErrorCode::kNotFound) return Failed(directory.error());
    return fail(ErrorCode::kInvalid,
                directory.error().message + ": make it, with a " + kRecipeName + " in it");
  }
  auto text = read_dockerfile(directory->get());
  if (!text) return Failed(text.error());
  auto recipe = read_recipe(*text);
  if (!recipe) return Failed(recipe.error());
  auto file = make_spool_file(spool);
  if (!file) return Failed(file.error());
  Packing packing(file->get(), limits, work);
  if (auto packed = packing.run(directory->get(), recipe->text); !packed) {
    return Failed(packed.error());
  }
  auto context = std::make_shared<BuildContext>();
  context->file = std::move(*file);
  context->size = packing.size();
  context->images = std::move(recipe->images);
  return std::shared_ptr<const BuildContext>(std::move(context));
}

}  // namespace labgpu
