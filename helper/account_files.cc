// Records and their companions on disk.
#include "helper/account_files.h"

#include <errno.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "common/parse.h"
#include "helper/atomic_file.h"
#include "helper/json_fields.h"
#include "helper/read_file.h"

namespace labgpu {

namespace {

namespace fs = std::filesystem;

constexpr mode_t kSecret = 0600;
constexpr mode_t kPublic = 0644;
constexpr std::string_view kRecordSuffix = ".json";

Result<std::vector<std::string>> names_in(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    auto name = entry->path().filename().string();
    if (!name.starts_with('.')) names.push_back(name);  // .name: an AtomicFile that a crash left
  }
  if (error) return fail_errno("list " + directory, error.value());
  std::sort(names.begin(), names.end());
  return names;
}

Result<Account> read_record(const std::string& path, const std::string& name) {
  auto text = read_file(path);
  if (!text) return Failed(text.error());
  auto json = parse_json(*text, false);
  if (!json) return wrap(path, json.error());
  auto account = account_from_json(*json);
  if (!account) return wrap(path, account.error());
  if (account->name != name) {
    return fail(ErrorCode::kInvalid, path + ": is the record of " + account->name);
  }
  return account;
}

// The id in "<name>.<uid>.json"; 0 when it is no such name.
uint32_t id_of_tombstone(std::string_view file) {
  if (!file.ends_with(kRecordSuffix)) return 0;
  file.remove_suffix(kRecordSuffix.size());
  auto dot = file.find('.');
  uint32_t id = 0;
  if (dot == std::string_view::npos || !parse_u32(file.substr(dot + 1), id)) return 0;
  return id;
}

std::string tombstone_name(const Account& account) {
  return account.name + "." + std::to_string(account.uid) + std::string(kRecordSuffix);
}

}  // namespace

AccountFiles::AccountFiles(std::string state_directory)
    : state_directory_(std::move(state_directory)) {}

std::string AccountFiles::record_path(const std::string& name) const {
  return state_directory_ + "/users/" + name + std::string(kRecordSuffix);
}

std::string AccountFiles::keys_path(const std::string& name) const {
  return state_directory_ + "/keys/" + name;
}

Result<void> AccountFiles::prepare() const {
  struct Directory {
    const char* name;
    mode_t mode;
  };
  // keys and nss are read by sshd and by everybody, through the state directory itself.
  constexpr Directory kDirectories[] = {{"", 0755},      {"/users", 0700}, {"/tombstones", 0700},
                                        {"/keys", 0755}, {"/nss", 0755},   {"/containers", 0711}};
  for (const auto& directory : kDirectories) {
    auto path = state_directory_ + directory.name;
    if (mkdir(path.c_str(), 0700) == 0) {
      if (chmod(path.c_str(), directory.mode) != 0) return fail_errno("set up " + path, errno);
    } else if (errno != EEXIST) {
      return fail_errno("make the directory " + path, errno);
    }
  }
  return {};
}

Result<LoadedAccounts> AccountFiles::load() const {
  LoadedAccounts loaded;
  auto tombstones = names_in(state_directory_ + "/tombstones");
  if (!tombstones) return Failed(tombstones.error());
  for (const auto& file : *tombstones) {
    loaded.highest_id = std::max(loaded.highest_id, id_of_tombstone(file));
  }
  if (auto last = read_file(state_directory_ + "/last_id"); last) {
    uint32_t id = 0;
    std::string_view digits = *last;
    if (digits.ends_with('\n')) digits.remove_suffix(1);
    if (parse_u32(digits, id)) loaded.highest_id = std::max(loaded.highest_id, id);
  }

  auto files = names_in(state_directory_ + "/users");
  if (!files) return Failed(files.error());
  std::set<uint32_t> ids;
  for (const auto& file : *files) {
    auto path = state_directory_ + "/users/" + file;
    auto name = file.substr(0, file.rfind(kRecordSuffix));
    auto account = read_record(path, name);
    if (!account) {
      loaded.damaged[name] = account.error().message;
    } else if (std::binary_search(tombstones->begin(), tombstones->end(),
                                  tombstone_name(*account))) {
      loaded.removed.push_back(path);
    } else if (!ids.insert(account->uid).second) {
      loaded.damaged[name] = path + ": another account has uid " + std::to_string(account->uid);
    } else {
      loaded.highest_id = std::max(loaded.highest_id, account->uid);
      loaded.accounts.push_back(std::move(*account));
    }
  }
  return loaded;
}

Result<void> AccountFiles::write_record(const Account& account) const {
  return replace_file(record_path(account.name), to_json(account).dump(2) + "\n", kSecret, 0, 0);
}

Result<void> AccountFiles::remove_record(const std::string& name) const {
  return remove_file(record_path(name));
}

Result<void> AccountFiles::write_tombstone(const Account& account) const {
  nlohmann::json tombstone = {{"userName", account.name},
                              {"uid", account.uid},
                              {"gid", account.gid},
                              {"homeDirectory", account.home}};
  return replace_file(state_directory_ + "/tombstones/" + tombstone_name(account),
                      tombstone.dump(2) + "\n", kSecret, 0, 0);
}

Result<void> AccountFiles::write_last_id(uint32_t id) const {
  return replace_file(state_directory_ + "/last_id", std::to_string(id) + "\n", kSecret, 0, 0);
}

Result<void> AccountFiles::write_keys(const Account& account) const {
  std::string content = "# Written by labgpud; change it with: labgpu key add|remove\n";
  for (const auto& line : account.authorized_keys) content += line + "\n";
  return replace_file(keys_path(account.name), content, kPublic, 0, 0);
}

Result<void> AccountFiles::remove_keys(const std::string& name) const {
  return remove_file(keys_path(name));
}

Result<void> AccountFiles::remove_other_keys(const std::vector<Account>& accounts) const {
  std::set<std::string> wanted;
  for (const auto& account : accounts) wanted.insert(account.name);
  auto files = names_in(state_directory_ + "/keys");
  if (!files) return Failed(files.error());
  for (const auto& file : *files) {
    if (wanted.contains(file)) continue;
    if (auto removed = remove_keys(file); !removed) return removed;
  }
  return {};
}

}  // namespace labgpu
