// Gives a new account's home the files of the container's /etc/skel.
#pragma once

namespace labgpu {

// Copies what `home` lacks of `source`: directories, files and symbolic links. Runs as the user, so
// that it can do nothing that the user could not. Never overwrites, and never follows a link in the
// home; what fails is skipped, because a missing .bashrc is no reason to refuse a login.
void copy_skeleton(const char* source, const char* home);

}  // namespace labgpu
