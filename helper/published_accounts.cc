// The index and the files of keys.
#include "helper/published_accounts.h"

#include <errno.h>
#include <sys/stat.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "helper/atomic_file.h"
#include "helper/index_writer.h"
#include "helper/read_file.h"

namespace labgpu {

namespace {

namespace fs = std::filesystem;

constexpr mode_t kPublic = 0644;
constexpr char kIndex[] = "nss";
constexpr char kKeys[] = "keys";

}  // namespace

PublishedAccounts::PublishedAccounts(std::string state_directory, gid_t labgpu_gid)
    : state_directory_(std::move(state_directory)), labgpu_gid_(labgpu_gid) {}

std::string PublishedAccounts::directory(const char* name) const {
  return state_directory_ + "/" + name;
}

Result<void> PublishedAccounts::prepare() const {
  for (const char* name : {kKeys, kIndex}) {
    auto path = directory(name);
    if (mkdir(path.c_str(), 0700) == 0) {
      if (chmod(path.c_str(), 0755) != 0) return fail_errno("set up " + path, errno);
    } else if (errno != EEXIST) {
      return fail_errno("make the directory " + path, errno);
    }
  }
  return {};
}

Result<void> PublishedAccounts::publish_index(const std::vector<Account>& accounts) const {
  return write_index(directory(kIndex), accounts, labgpu_gid_, container_ids_);
}

Result<void> PublishedAccounts::publish_bridge(const BridgeSettings& bridge,
                                               const std::vector<Account>& accounts) const {
  return write_bridge_index(directory(kIndex), bridge, accounts);
}

Result<void> PublishedAccounts::publish_keys(const Account& account) const {
  std::string content = "# Written by labgpud; change it with: labgpu key add|remove\n";
  for (const auto& line : account.authorized_keys) content += line + "\n";
  auto path = directory(kKeys) + "/" + account.name;
  if (read_file(path) == content) return {};
  return replace_file(path, content, kPublic, 0, 0);
}

Result<void> PublishedAccounts::remove_keys(const std::vector<std::string>& names) const {
  return remove_files(directory(kKeys), names);
}

Result<void> PublishedAccounts::remove_other_keys(const std::set<std::string>& names) const {
  std::vector<std::string> others;
  std::error_code error;
  for (fs::directory_iterator entry(directory(kKeys), error), end; !error && entry != end;
       entry.increment(error)) {
    auto name = entry->path().filename().string();
    if (!names.contains(name)) others.push_back(name);
  }
  if (error) return fail_errno("list " + directory(kKeys), error.value());
  return remove_keys(others);
}

}  // namespace labgpu
