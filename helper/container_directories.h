// The host's side of a container's mounts: labgpu's own directories, and the sources of the others.
#pragma once

#include <string>
#include <vector>

#include "common/unique_fd.h"
#include "helper/account.h"
#include "helper/directory_tree.h"
#include "helper/error.h"
#include "helper/settings.h"

namespace labgpu {

// Both O_PATH. Container root owns what is in them.
struct ContainerDirectories {
  UniqueFd run;
  UniqueFd tmp;
};

// Opens <state>/containers/<user>/{run,tmp}; makes what is missing, run with mode 0700 and tmp with
// 1777. Refuses symbolic links.
Result<ContainerDirectories> open_container_directories(const std::string& state_directory,
                                                        const std::string& user);

// Makes <state>/containers/<user>/<name> a symbolic link to `target`, or nothing when that is
// empty. A login view shows what it points to; no container has it mounted.
Result<void> link_beside_directories(const std::string& state_directory, const std::string& user,
                                     const std::string& name, const std::string& target);

// Deletes <state>/containers/<user>, which may take long: for a worker's thread. No container may
// have it mounted any more.
Result<void> remove_container_directories(const std::string& state_directory,
                                          const std::string& user, TreeWork& work);

// Every mount's source is there afterwards, else it is an error: the account's home, which must be
// there already (if it is not, its disk may not be mounted) and for an account of the host belong
// to it, and `mounts`, of which a missing directory with the user's name as a part of its path is
// made, the user's own and 0700.
//
// Docker follows symbolic links when it mounts, each time a container starts, so a source is
// refused when somebody other than root could put one in its way: every directory above it has to
// be root's and writable by root alone.
Result<void> prepare_mount_sources(const Account& account, const std::vector<Mount>& mounts);

}  // namespace labgpu
