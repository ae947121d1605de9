// Whose account is it: the host's alone, or one for which labgpu has a container?
//
// Asks the name service and reads the index; contacts nothing of labgpu's, so that a helper that
// hangs concerns nobody but its own accounts.
#pragma once

#include <pwd.h>
#include <stdint.h>

namespace labgpu {

enum class Owner : uint8_t {
  kHost,     // the host's alone: labgpu has nothing to do with it
  kLabgpu,   // one that labgpu made
  kMember,   // the host's, and a member of a group whose members get containers
  kUnclear,  // perhaps a member, which cannot be told now: no login of any kind
};

// Of the name service's answer for a name. Uid 0 is always kHost, and so is, for the bridge, every
// uid below the configured first one; for them no group is looked up.
//
// An account of labgpu's own is one whose uid is the one that the index gives its name, or, unless
// the bridge says something else, whose shell is the session command: a damaged index does not turn
// a user into an ordinary account of the host.
//
// A member is who has the group among their groups, as id(1) shows them. Who has left is kHost
// again. It takes that every group is found and none has the account: with one that the name
// service does not find, because it is gone or its directory does not answer, or finds with the
// account among the members while that is not among the account's groups, an account that had a
// container is kUnclear, and others are kHost. When the
// bridge index is there and cannot be read, members of the groups of sshd's drop-in are kUnclear,
// and others are kHost, so that no administrator is locked out by a damaged file.
[[nodiscard]] Owner owner_of(const passwd& account);

// Is it in the account index, with that uid? Then labgpu made it, and keeps its password.
[[nodiscard]] bool is_indexed(const passwd& account);

}  // namespace labgpu
