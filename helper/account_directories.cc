// Homes and mounts, told apart by whose they are.
#include "helper/account_directories.h"

#include <algorithm>
#include <optional>

#include "helper/account_settings.h"

namespace labgpu {

namespace {

// Reserved, so it is no account's.
constexpr char kAnotherName[] = "nobody";

struct Source {
  std::string path;
  bool is_named_after_account = false;
};

// The mounts as they are, and as they would be for another name: the same ones in the same order.
std::vector<Source> mounted(const Account& account, const SettingsPolicy& policy) {
  Account other = account;
  other.name = kAnotherName;
  auto settings = settings_of(policy, account);
  auto others = settings_of(policy, other);
  std::vector<Source> sources;
  if (!settings) return sources;
  for (size_t i = 0; i < settings->mounts.size(); ++i) {
    const auto& path = settings->mounts[i].source;
    bool named = others && others->mounts.at(i).source != path;
    sources.push_back({path, named});
  }
  return sources;
}

bool is_inside(const std::string& path, const std::string& directory) {
  return path == directory || path.starts_with(directory + "/");
}

bool is_inside_any(const std::string& path, const std::vector<std::string>& directories) {
  return std::any_of(directories.begin(), directories.end(),
                     [&](const auto& directory) { return is_inside(path, directory); });
}

struct Use {
  std::string user;
  std::string path;
};

// What the other accounts have as homes and mounts.
std::vector<Use> uses_of_others(const Account& account, const AccountStore& accounts,
                                const SettingsPolicy& policy) {
  std::vector<Use> uses;
  for (const auto& other : accounts.list()) {
    if (other->name == account.name) continue;
    uses.push_back({other->name, other->home});
    for (const auto& source : mounted(*other, policy)) {
      uses.push_back({other->name, source.path});
    }
  }
  return uses;
}

std::optional<Use> use_of(const std::string& directory, const std::vector<Use>& uses) {
  auto found = std::find_if(uses.begin(), uses.end(),
                            [&](const Use& use) { return is_inside(use.path, directory); });
  return found == uses.end() ? std::nullopt : std::optional(*found);
}

}  // namespace

Result<AccountDirectories> directories_of(const Account& account, const AccountStore& accounts,
                                          const SettingsPolicy& policy) {
  auto uses = uses_of_others(account, accounts, policy);
  if (auto use = use_of(account.home, uses)) {
    return fail(ErrorCode::kInvalid, use->path + ", which is " + use->user +
                                         "'s home or mount, is in the home of " + account.name +
                                         ": remove the account without purging it");
  }
  AccountDirectories found;
  found.own.push_back(account.home);
  auto sources = mounted(account, policy);
  // What others are in comes before them.
  std::sort(sources.begin(), sources.end(),
            [](const Source& one, const Source& other) { return one.path < other.path; });
  for (const auto& source : sources) {
    if (is_inside_any(source.path, found.own)) continue;
    bool is_own = source.is_named_after_account && !use_of(source.path, uses);
    auto& kind = is_own ? found.own : found.shared;
    if (std::find(kind.begin(), kind.end(), source.path) == kind.end()) {
      kind.push_back(source.path);
    }
  }
  return found;
}

}  // namespace labgpu
