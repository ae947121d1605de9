// Fuzzes passwd(5) and group(5) of a container: with the account added it is found, with the ids
// that it has to have, and adding it again changes nothing.
#include <string_view>

#include "init/account_text.h"
#include "tests/fuzz/target.h"

namespace labgpu {
namespace {

using test::promise;
using Editor = Edit (*)(std::string_view before, EditBuffer& out);

constexpr GuestAccount kAlice{
    .name = "alice", .uid = 20001, .gid = 20001, .group = "alice", .home = "/home/alice"};

Edit put_account(std::string_view before, EditBuffer& out) {
  return edit_passwd(before, kAlice, "/bin/sh", out);
}
Edit put_group(std::string_view before, EditBuffer& out) { return edit_group(before, kAlice, out); }

// What becomes of a file; nothing when it is too long.
std::string_view edited(Editor edit, std::string_view before, bool& is_there) {
  static char space[2][1 << 16];
  EditBuffer once{.space = space[0], .text = {}};
  auto result = edit(before, once);
  is_there = result != Edit::kTooLong;
  if (result != Edit::kChanged) return before;
  promise(once.text.size() <= sizeof space[0], "the text fits its buffer");
  EditBuffer twice{.space = space[1], .text = {}};
  promise(edit(once.text, twice) == Edit::kUnchanged, "what is right is left alone");
  return once.text;
}

}  // namespace
}  // namespace labgpu

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace labgpu;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  bool is_there = false;
  auto passwd = edited(put_account, text, is_there);
  PasswdEntry entry;
  if (is_there) {
    promise(find_passwd_entry(passwd, "alice", entry), "the account is found");
    promise(entry.home == kAlice.home, "the home is the account's");
  }
  auto group = edited(put_group, text, is_there);
  gid_t groups[32];
  size_t count = collect_groups(group, "alice", kAlice.gid, groups);
  promise(count >= 1 && count <= 32 && groups[0] == kAlice.gid, "the primary group comes first");
  return 0;
}
