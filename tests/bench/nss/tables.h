// The accounts that are looked up, in the form that each source reads, in files of this process's
// own.
#pragma once

#include <cstdint>
#include <string>

namespace labgpu::bench {

inline constexpr uint32_t kHostAccounts = 50;
inline constexpr uint32_t kFirstHostId = 1000;
inline constexpr uint32_t kGroup = 19999;
inline constexpr uint32_t kFirstId = 20000;

// Account number i of the server's own fifty, and of the many.
std::string host_name(uint32_t i);
std::string user_name(uint32_t i);

// Gives this process a /etc/passwd, /etc/group and /var/lib of its own, in `directory`, which
// should be on a disk as the server's are: a tmpfs forgets at once that a file is not there. Ends
// the process when that cannot be.
void make_files_private(const std::string& directory);

// /etc/passwd and /etc/group: the server's own, and `accounts` of the many with a group of them
// all.
void write_host_files(uint32_t accounts);
// /var/lib/extrausers and labgpu's index: the same many.
void write_extrausers(uint32_t accounts);
void write_index_files(uint32_t accounts);

}  // namespace labgpu::bench
