// Accounts as passwd(5), group(5) and shadow(5) lines in three cdb files.
#include "helper/index_writer.h"

#include <cdb.h>
#include <errno.h>
#include <grp.h>
#include <stdio.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "common/bridge_index.h"
#include "common/index_record.h"
#include "common/parse.h"
#include "common/paths.h"
#include "helper/atomic_file.h"
#include "helper/indexed_names.h"

namespace labgpu {

namespace {

// A cdb that grows in an AtomicFile. Move-free, because libcdb keeps pointers into its own struct.
class CdbFile {
 public:
  explicit CdbFile(AtomicFile file) : file_(std::move(file)) {
    failed_ = cdb_make_start(&cdb_, file_.fd()) != 0 ? errno : 0;
  }
  CdbFile(const CdbFile&) = delete;
  CdbFile& operator=(const CdbFile&) = delete;
  // cdb_make_finish is also what frees libcdb's memory.
  ~CdbFile() {
    if (!finished_) cdb_make_finish(&cdb_);
  }

  // Failures are kept for finish().
  void add(std::string_view key, std::string_view value) {
    if (failed_ == 0 && cdb_make_add(&cdb_, key.data(), static_cast<unsigned>(key.size()),
                                     value.data(), static_cast<unsigned>(value.size())) != 0) {
      failed_ = errno;
    }
  }
  void add(const IndexKey& key, std::string_view value) { add(key.text(), value); }

  Result<void> finish() {
    finished_ = true;
    if (cdb_make_finish(&cdb_) != 0 && failed_ == 0) failed_ = errno;
    if (failed_ != 0) return fail_errno("cannot write the account index", failed_);
    return {};
  }
  Result<void> commit(mode_t mode, gid_t gid) { return file_.commit(mode, 0, gid); }

 private:
  AtomicFile file_;
  cdb_make cdb_{};
  int failed_ = 0;  // an errno number
  bool finished_ = false;
};

Result<std::unique_ptr<CdbFile>> create_cdb(const std::string& path) {
  auto file = AtomicFile::create(path);
  if (!file) return tl::make_unexpected(file.error());
  return std::make_unique<CdbFile>(std::move(*file));
}

// Group shadow's gid from /etc/group itself; 0 where there is no such group, so that root alone
// reads.
gid_t shadow_gid() {
  std::unique_ptr<FILE, int (*)(FILE*)> file(fopen("/etc/group", "re"), &fclose);
  if (!file) return 0;
  while (const group* entry = fgetgrent(file.get())) {  // NOLINT(concurrency-mt-unsafe)
    if (std::string_view(entry->gr_name) == "shadow") return entry->gr_gid;
  }
  return 0;
}

// What may stand in a field of a passwd(5) line.
bool is_field(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && byte != 0x7f && c != ':';
  });
}

Result<void> check_account(const Account& account) {
  auto invalid = [&](const char* what) {
    return fail(ErrorCode::kInvalid, "the account index cannot hold " + account.name + ": " + what);
  };
  if (!is_user_name(account.name)) return invalid("it is not a user name");
  if (account.name == kGroupName) return invalid("the name is that of the group of all accounts");
  if (!is_account_id(account.uid) || !is_account_id(account.gid)) {
    return invalid("its uid and gid must be above 0 and below 4294967295");
  }
  if (!is_plain_path(account.home) || !is_field(account.home)) {
    return invalid("its home directory must be an absolute path without ':', '.' and '..'");
  }
  if (!is_field(account.real_name)) {
    return invalid("its real name must not contain ':' or control characters");
  }
  if (!is_field(account.hashed_password)) {
    return invalid("its password hash must not contain ':' or control characters");
  }
  return {};
}

Result<void> check_all(const std::vector<const Account*>& accounts, gid_t labgpu_gid) {
  std::unordered_set<std::string_view> names;
  std::unordered_set<uid_t> uids;
  std::unordered_set<gid_t> gids{labgpu_gid};
  for (const Account* account : accounts) {
    auto checked = check_account(*account);
    if (!checked) return checked;
    if (!names.insert(account->name).second || !uids.insert(account->uid).second ||
        !gids.insert(account->gid).second) {
      return fail(ErrorCode::kInvalid, "the account index cannot hold " + account->name +
                                           ": another entry has its name, uid or gid");
    }
  }
  return {};
}

// "*" says without a shadow line that there is no password. For "x" pam_unix's account check starts
// a program, unix_chkpwd(8), to read that line, at logins with a key too (Linux-PAM 1.7.0,
// passverify.c, get_account_info).
std::string passwd_line(const Account& account) {
  const char* password = account.hashed_password.empty() ? ":*:" : ":x:";
  return account.name + password + std::to_string(account.uid) + ":" + std::to_string(account.gid) +
         ":" + account.real_name + ":" + account.home + ":" + kSessionCommand;
}

std::string group_line(std::string_view name, gid_t gid, std::string_view members) {
  return std::string(name) + ":x:" + std::to_string(gid) + ":" + std::string(members);
}

// crypt(3) makes no hash that begins with '*' or '!', so no password matches such a field.
std::string shadow_line(const Account& account) {
  std::string hash = account.hashed_password.empty() ? "*" : account.hashed_password;
  return account.name + ":" + (account.locked ? "!*" : hash) + ":::::::";
}

void fill_groups(CdbFile& cdb, const std::vector<const Account*>& accounts, gid_t labgpu_gid) {
  std::string members;
  for (const Account* account : accounts) {
    if (!members.empty()) members += ',';
    members += account->name;
  }
  std::string line = group_line(kGroupName, labgpu_gid, members);
  cdb.add(IndexKey::of_name(kGroupName), line);
  cdb.add(IndexKey::of_id(labgpu_gid), line);
  for (const Account* account : accounts) {
    line = group_line(account->name, account->gid, "");
    cdb.add(IndexKey::of_name(account->name), line);
    cdb.add(IndexKey::of_id(account->gid), line);
    cdb.add(IndexKey::of_name(account->name, IndexKey::kFurtherGroups), std::to_string(labgpu_gid));
  }
}

// What `inside`, an id of a container's, is on the host; 0 when it is not of the range.
uint32_t outside(uint32_t inside, uint32_t first, uint32_t count) {
  return inside < count ? first + inside : 0;
}

// The names that "ls" and "ps" show for the ids of containers' users. Where the administrator gave
// an account an id of the range, that id has the account's name.
void add_container_users(CdbFile& passwd, CdbFile& groups,
                         const std::vector<const Account*>& accounts, gid_t labgpu_gid,
                         const ContainerIds& ids) {
  std::unordered_set<uint32_t> taken_uids{0};
  std::unordered_set<uint32_t> taken_gids{0, labgpu_gid};
  for (const Account* account : accounts) {
    taken_uids.insert(account->uid);
    taken_gids.insert(account->gid);
  }
  auto add = [&](std::string_view user, uint32_t inside_uid, uint32_t inside_gid) {
    auto name = std::string(user) + std::string(kContainerUserSuffix);
    uint32_t uid = outside(inside_uid, ids.first_uid, ids.uids);
    uint32_t gid = outside(inside_gid, ids.first_gid, ids.gids);
    if (gid == 0) return;
    if (!taken_uids.contains(uid)) {
      passwd.add(IndexKey::of_id(uid), name + ":*:" + std::to_string(uid) + ":" +
                                           std::to_string(gid) + "::/nonexistent:" + kNoLogin);
    }
    if (!taken_gids.contains(gid)) {
      groups.add(IndexKey::of_id(gid), name + ":*:" + std::to_string(gid) + ":");
    }
  };
  add("root", 0, 0);
  for (const Account* account : accounts) add(account->name, account->uid, account->gid);
}

}  // namespace

Result<void> write_index(const std::string& directory, const std::vector<Account>& accounts,
                         gid_t labgpu_gid, const std::optional<ContainerIds>& container_ids) {
  std::vector<const Account*> sorted;
  sorted.reserve(accounts.size());
  for (const Account& account : accounts) sorted.push_back(&account);
  std::sort(sorted.begin(), sorted.end(),
            [](const Account* a, const Account* b) { return a->uid < b->uid; });
  auto checked = check_all(sorted, labgpu_gid);
  if (!checked) return checked;

  auto passwd = create_cdb(directory + "/passwd.cdb");
  if (!passwd) return tl::make_unexpected(passwd.error());
  auto groups = create_cdb(directory + "/group.cdb");
  if (!groups) return tl::make_unexpected(groups.error());
  auto shadow = create_cdb(directory + "/shadow.cdb");
  if (!shadow) return tl::make_unexpected(shadow.error());

  fill_groups(**groups, sorted, labgpu_gid);
  for (const Account* account : sorted) {
    std::string line = passwd_line(*account);
    (*passwd)->add(IndexKey::of_name(account->name), line);
    (*passwd)->add(IndexKey::of_id(account->uid), line);
    (*shadow)->add(IndexKey::of_name(account->name), shadow_line(*account));
  }
  if (container_ids) {
    add_container_users(**passwd, **groups, sorted, labgpu_gid, *container_ids);
  }
  for (CdbFile* cdb : {shadow->get(), groups->get(), passwd->get()}) {
    auto finished = cdb->finish();
    if (!finished) return finished;
  }
  std::set<std::string_view> names;
  std::set<std::string> numbers;
  for (const Account* account : sorted) {
    names.insert(account->name);
    numbers.insert(std::to_string(account->uid));
  }
  const std::set<std::string_view> uids(numbers.begin(), numbers.end());
  const std::string names_directory = directory + "/names";
  const std::string uids_directory = directory + "/uids";
  return add_indexed_names(names_directory, names)
      .and_then([&] { return add_indexed_names(uids_directory, uids); })
      .and_then([&] { return (*shadow)->commit(0640, shadow_gid()); })
      .and_then([&] { return (*groups)->commit(0644, 0); })
      .and_then([&] { return (*passwd)->commit(0644, 0); })
      .and_then([&] { return remove_other_indexed_names(names_directory, names); })
      .and_then([&] { return remove_other_indexed_names(uids_directory, uids); });
}

Result<void> write_bridge_index(const std::string& directory, const BridgeSettings& bridge,
                                const std::vector<Account>& accounts) {
  const std::string path = directory + "/bridge.cdb";
  if (bridge.groups.empty()) return remove_file(path);
  auto cdb = create_cdb(path);
  if (!cdb) return tl::make_unexpected(cdb.error());
  std::string groups;
  for (const auto& group : bridge.groups) groups += (groups.empty() ? "" : ",") + group;
  (*cdb)->add(kBridgePolicyKey, std::to_string(bridge.first_uid) + ":" + groups);
  for (const Account& account : accounts) {
    (*cdb)->add(IndexKey::of_name(account.name), std::to_string(account.uid));
    (*cdb)->add(IndexKey::of_id(account.uid), account.name);
  }
  return (*cdb)->finish().and_then([&] { return (*cdb)->commit(0644, 0); });
}

}  // namespace labgpu
