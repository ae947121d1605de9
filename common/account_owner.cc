// Compares the name service's answer with the index, and its groups with the bridge's.
#include "common/account_owner.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>

#include <span>
#include <string_view>

#include "common/account_index.h"
#include "common/bridge_index.h"
#include "common/parse.h"
#include "common/paths.h"
#include "common/read_text_file.h"
#include "common/sshd_drop_in.h"
#include "common/text_buffer.h"

namespace labgpu {

namespace {

// Where people's ids begin (Debian Policy 9.2.2), when the index cannot tell.
constexpr uid_t kUsualFirstUid = 1000;
// Sixteen groups with the longest names, and the text of `labgpu setup` several times.
constexpr size_t kLongestDropIn = 16384;

enum class Found : uint8_t {
  kNo,
  kYes,
  kDoubtful,  // as far as the name service can tell: it does not find the group, or lists the
              // account in it, but not the group among the account's
  kNoMeans,   // this process lacks memory or descriptors to find out
};

// An array from malloc(3): a user may be in very many groups, and a group have very many members.
template <typename Item>
class Array {
 public:
  Array() = default;
  Array(const Array&) = delete;
  Array& operator=(const Array&) = delete;
  ~Array() { free(items_); }

  // What was in it is lost.
  [[nodiscard]] bool make(size_t count) {
    free(items_);
    items_ = static_cast<Item*>(calloc(count, sizeof(Item)));
    return items_ != nullptr;
  }
  [[nodiscard]] Item* data() { return items_; }

 private:
  Item* items_ = nullptr;
};

// Everything that the name service has, the primary group too.
class GroupIds {
 public:
  [[nodiscard]] bool load(const passwd& account) {
    int room = 64;
    for (int attempt = 0; attempt < 3; ++attempt) {
      if (!ids_.make(static_cast<size_t>(room))) return false;
      int count = room;
      if (getgrouplist(account.pw_name, account.pw_gid, ids_.data(), &count) >= 0) {
        count_ = static_cast<size_t>(count);
        return true;
      }
      if (count <= room) return false;  // not the room, but memory is what there was not enough of
      room = count;
    }
    return false;
  }
  [[nodiscard]] bool has(gid_t id) {
    for (gid_t own : std::span<gid_t>(ids_.data(), count_)) {
      if (own == id) return true;
    }
    return false;
  }

 private:
  Array<gid_t> ids_;
  size_t count_ = 0;
};

bool lists(const group& entry, const char* user) {
  for (char* const* member = entry.gr_mem; *member != nullptr; ++member) {
    if (strcmp(*member, user) == 0) return true;
  }
  return false;
}

// What id(1) shows is what counts for sshd's "Match Group" too (OpenSSH groupaccess.c, ga_init).
Found has_member(const group& entry, const passwd& account, GroupIds& ids) {
  if (ids.has(entry.gr_gid)) return Found::kYes;
  return lists(entry, account.pw_name) ? Found::kDoubtful : Found::kNo;
}

// getgrnam_r(3) has no way to say that a source did not answer which every source uses: such a
// group is one that is not found. Only this process's own want of resources is told apart.
Found is_member_of(std::string_view name, const passwd& account, GroupIds& ids) {
  constexpr size_t kLargest = size_t{1} << 26;
  TextBuffer<kMaxGroupName> text;
  if (!text.add(name).ok()) return Found::kDoubtful;
  for (size_t room = 4096; room <= kLargest; room *= 4) {
    Array<char> buffer;
    if (!buffer.make(room)) return Found::kNoMeans;
    group entry{};
    group* found = nullptr;
    int error = getgrnam_r(text.c_str(), &entry, buffer.data(), room, &found);
    if (error == ERANGE) continue;
    if (found != nullptr) return has_member(entry, account, ids);
    bool own_fault = error == ENOMEM || error == EMFILE || error == ENFILE;
    return own_fault ? Found::kNoMeans : Found::kDoubtful;
  }
  return Found::kNoMeans;
}

// kNo only when all of them say so.
Found is_member(std::string_view groups, const passwd& account) {
  GroupIds ids;
  if (!ids.load(account)) return Found::kNoMeans;
  Found answer = Found::kNo;
  while (!groups.empty()) {
    Found found = is_member_of(take_until(groups, ','), account, ids);
    if (found == Found::kYes) return found;
    if (found == Found::kDoubtful && answer == Found::kNo) answer = found;
    if (found == Found::kNoMeans) answer = found;
  }
  return answer;
}

// Whom the bridge is for is in sshd's drop-in too, where the helper wants it to be.
Owner owner_by_drop_in(const passwd& account) {
  if (account.pw_uid < kUsualFirstUid) return Owner::kHost;
  char buffer[kLongestDropIn];
  std::string_view text;
  if (read_text_file(kSshdDropIn, buffer, text) != 0) return Owner::kHost;
  Found member = is_member(groups_of_drop_in(text), account);
  return member == Found::kYes || member == Found::kNoMeans ? Owner::kUnclear : Owner::kHost;
}

Owner owner_by_bridge(const passwd& account) {
  BridgeIndex index;
  BridgePolicy policy;
  char buffer[BridgeIndex::kPolicyRoom];
  int error = index.open(kBridgeIndex);
  if (error == ENOENT) return Owner::kHost;
  if (error == 0) error = index.policy(buffer, policy);
  if (error != 0) return owner_by_drop_in(account);
  if (account.pw_uid < policy.first_uid) return Owner::kHost;

  switch (is_member(policy.groups, account)) {
    case Found::kYes:
      return Owner::kMember;
    case Found::kNo:
      return Owner::kHost;
    case Found::kDoubtful:
      return index.knows(account.pw_name, account.pw_uid) == ENOENT ? Owner::kHost
                                                                    : Owner::kUnclear;
    case Found::kNoMeans:
      break;
  }
  return Owner::kUnclear;
}

}  // namespace

bool is_indexed(const passwd& account) {
  char buffer[4096];
  IndexedAccount indexed;
  return find_account(kPasswdIndex, account.pw_name, buffer, indexed) == 0 &&
         indexed.uid == account.pw_uid;
}

Owner owner_of(const passwd& account) {
  if (account.pw_uid == 0) return Owner::kHost;
  if (is_indexed(account)) return Owner::kLabgpu;
  Owner owner = owner_by_bridge(account);
  bool has_session_command = strcmp(account.pw_shell, kSessionCommand) == 0;
  return owner == Owner::kHost && has_session_command ? Owner::kLabgpu : owner;
}

}  // namespace labgpu
