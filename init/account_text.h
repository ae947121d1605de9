// passwd(5) and group(5) as texts: what stands in them, and how they read with one account added.
//
// Pure functions; nothing opens a file. glibc's own look-ups are no use here: they load NSS modules
// with dlopen(3), which a static program cannot rely on.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <span>
#include <string_view>

namespace labgpu {

// The account that must exist in the container.
struct GuestAccount {
  std::string_view name;
  uint32_t uid = 0;
  uint32_t gid = 0;
  std::string_view group;  // the name of the group with that gid
  std::string_view home;
};

struct PasswdEntry {
  std::string_view name;
  std::string_view password;
  std::string_view real_name;
  std::string_view home;
  std::string_view shell;
};

// The first line for `name`; false when there is none, or it has not its seven fields.
[[nodiscard]] bool find_passwd_entry(std::string_view passwd, std::string_view name,
                                     PasswdEntry& out);

// The gids of the groups that list `name` as a member, after `primary`; as many as fit.
[[nodiscard]] size_t collect_groups(std::string_view group, std::string_view name, gid_t primary,
                                    std::span<gid_t> out);

enum class Edit {
  kUnchanged,  // the file is right as it is; nothing was written to `out`
  kChanged,    // `out` is what the file should be
  kTooLong,    // it does not fit `out`
};

// `out` is a buffer; `text` is what was written into it.
struct EditBuffer {
  std::span<char> space;
  std::string_view text;
};

// The account's line has its uid, gid and home, and is the first with its uid, so that a look-up by
// uid gives its name and not one that the image happens to use. An image's own account of the same
// name gets the new ids: files in the mounted home directory have them, and the host's kernel
// counts with them. Password, real name and shell (chsh) of an existing line stay; a new line gets
// `default_shell` and the password "*", which matches nothing, and which unlike "x" does not make
// pam_unix's account check look for a shadow(5) line (Linux-PAM, passverify.c, is_pwd_shadowed).
[[nodiscard]] Edit edit_passwd(std::string_view before, const GuestAccount& account,
                               std::string_view default_shell, EditBuffer& out);

// The same for the account's primary group, of its name and gid; the members of an existing line
// stay.
[[nodiscard]] Edit edit_group(std::string_view before, const GuestAccount& account,
                              EditBuffer& out);

}  // namespace labgpu
