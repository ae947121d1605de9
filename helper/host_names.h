// Which names and ids does the server have from elsewhere: /etc/passwd, LDAP, systemd …?
//
// The helper must never resolve through libnss_labgpu, whose index it writes itself: it would take
// its own accounts for somebody else's, and an older index for the truth.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "helper/error.h"

namespace labgpu {

class HostNames {
 public:
  HostNames() = default;
  HostNames(const HostNames&) = delete;
  HostNames& operator=(const HostNames&) = delete;
  virtual ~HostNames() = default;

  // Is there such a user or group? An error when a source could not be asked.
  virtual Result<bool> has_name(const std::string& name) const = 0;
  virtual Result<bool> has_id(uint32_t id) const = 0;
};

// Asks NSS as this process has it; may wait for the network where nsswitch.conf names such a
// source.
class NssHostNames final : public HostNames {
 public:
  Result<bool> has_name(const std::string& name) const override;
  Result<bool> has_id(uint32_t id) const override;
};

// The id of a group, from NSS as this process has it; nothing when there is none.
Result<std::optional<gid_t>> find_host_group(const std::string& name);

// The sources that `database` has in the text of an nsswitch.conf(5), as __nss_configure_lookup()
// takes them, without labgpu and the action in brackets behind it; "files" when none is left.
std::string sources_without_labgpu(std::string_view nsswitch, std::string_view database);

// Takes labgpu out of this process's NSS: the module, and the helper's own service in systemd's
// user database, which would wait for itself. Call it before the first look-up; and again, with no
// look-up in another thread, when the file may be another, as glibc does not look by itself any
// more. On an error the sources stay what they were.
Result<void> leave_labgpu_out_of_nss(const std::string& nsswitch = "/etc/nsswitch.conf");

}  // namespace labgpu
