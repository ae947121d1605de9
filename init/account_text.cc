// Reading and editing passwd(5) and group(5) texts.
#include "init/account_text.h"

#include <limits.h>
#include <string.h>

#include "common/parse.h"
#include "common/text_buffer.h"

namespace labgpu {

namespace {

constexpr size_t kPasswdFields = 7;
constexpr size_t kGroupFields = 4;
// A line of our own making: names and numbers are short, home and shell are paths, and a real name
// or a list of members longer than this is refused as too long.
using Line = TextBuffer<size_t{4} * PATH_MAX>;

// Splits a line at its colons; returns how many fields it has, also when they are more than fit.
size_t split_fields(std::string_view line, std::span<std::string_view> fields) {
  size_t count = 1;
  for (char c : line) count += c == ':' ? 1 : 0;
  for (size_t i = 0; i < fields.size() && i < count; ++i) fields[i] = take_until(line, ':');
  return count;
}

bool is_line_of(std::string_view line, std::string_view name) {
  return line.size() > name.size() && has_prefix(line, name) && line[name.size()] == ':';
}

// In both files the third field is the id.
bool has_id(std::string_view line, uint32_t id) {
  std::string_view fields[3];
  uint32_t found = 0;
  return split_fields(line, fields) >= 3 && parse_u32(fields[2], found) && found == id;
}

bool find_line(std::string_view text, std::string_view name, std::string_view& out) {
  while (!text.empty()) {
    out = take_until(text, '\n');
    if (is_line_of(out, name)) return true;
  }
  return false;
}

// Whether a look-up of `name` gives `wanted`, and a look-up of `id` too.
bool is_in_place(std::string_view text, std::string_view name, uint32_t id,
                 std::string_view wanted) {
  while (!text.empty()) {
    std::string_view line = take_until(text, '\n');
    if (is_line_of(line, name)) return line == wanted;
    if (has_id(line, id)) return false;
  }
  return false;
}

bool append_line(EditBuffer& out, std::string_view line) {
  size_t used = out.text.size();
  if (line.size() + 1 > out.space.size() - used) return false;
  if (!line.empty()) memcpy(out.space.data() + used, line.data(), line.size());
  out.space[used + line.size()] = '\n';
  out.text = std::string_view(out.space.data(), used + line.size() + 1);
  return true;
}

// Puts `wanted` where the first line of this name or id stands, else at the end, and drops every
// other line of this name.
Edit place_line(std::string_view before, std::string_view name, uint32_t id,
                std::string_view wanted, EditBuffer& out) {
  if (is_in_place(before, name, id, wanted)) return Edit::kUnchanged;
  out.text = std::string_view(out.space.data(), 0);
  bool placed = false;
  while (!before.empty()) {
    std::string_view line = take_until(before, '\n');
    bool own = is_line_of(line, name);
    if (!placed && (own || has_id(line, id))) {
      placed = true;
      if (!append_line(out, wanted)) return Edit::kTooLong;
    }
    if (!own && !append_line(out, line)) return Edit::kTooLong;
  }
  if (!placed && !append_line(out, wanted)) return Edit::kTooLong;
  return Edit::kChanged;
}

bool lists_member(std::string_view members, std::string_view name) {
  while (!members.empty()) {
    if (take_until(members, ',') == name) return true;
  }
  return false;
}

}  // namespace

bool find_passwd_entry(std::string_view passwd, std::string_view name, PasswdEntry& out) {
  std::string_view line;
  std::string_view fields[kPasswdFields];
  if (!find_line(passwd, name, line) || split_fields(line, fields) != kPasswdFields) return false;
  out = PasswdEntry{.name = fields[0],
                    .password = fields[1],
                    .real_name = fields[4],
                    .home = fields[5],
                    .shell = fields[6]};
  return true;
}

size_t collect_groups(std::string_view group, std::string_view name, gid_t primary,
                      std::span<gid_t> out) {
  size_t count = 0;
  if (count < out.size()) out[count++] = primary;
  while (!group.empty() && count < out.size()) {
    std::string_view fields[kGroupFields];
    uint32_t gid = 0;
    if (split_fields(take_until(group, '\n'), fields) == kGroupFields &&
        parse_u32(fields[2], gid) && gid != primary && lists_member(fields[3], name)) {
      out[count++] = gid;
    }
  }
  return count;
}

Edit edit_passwd(std::string_view before, const GuestAccount& account,
                 std::string_view default_shell, EditBuffer& out) {
  PasswdEntry entry{.name = account.name,
                    .password = "*",
                    .real_name = {},
                    .home = account.home,
                    .shell = default_shell};
  if (PasswdEntry existing; find_passwd_entry(before, account.name, existing)) {
    entry.password = existing.password;
    entry.real_name = existing.real_name;
    entry.shell = existing.shell;
  }
  Line line;
  line.add(entry.name).add(":").add(entry.password).add(":").add(account.uid);
  line.add(":").add(account.gid).add(":").add(entry.real_name);
  line.add(":").add(entry.home).add(":").add(entry.shell);
  if (!line.ok()) return Edit::kTooLong;
  return place_line(before, account.name, account.uid, line.view(), out);
}

Edit edit_group(std::string_view before, const GuestAccount& account, EditBuffer& out) {
  std::string_view fields[kGroupFields] = {account.group, "*", {}, {}};
  std::string_view existing;
  if (find_line(before, account.group, existing) &&
      split_fields(existing, fields) != kGroupFields) {
    fields[1] = "*";
    fields[3] = {};
  }
  Line line;
  line.add(account.group).add(":").add(fields[1]).add(":").add(account.gid);
  line.add(":").add(fields[3]);
  if (!line.ok()) return Edit::kTooLong;
  return place_line(before, account.group, account.gid, line.view(), out);
}

}  // namespace labgpu
