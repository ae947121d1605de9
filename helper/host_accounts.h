// Accounts of the host that have a container because of a group: PAM's word for one, and its
// record.
//
// The name service is PAM's to ask, which runs in sshd and may wait; the helper only keeps what PAM
// says. A record is made at the first login and follows the host from then on, so that settings,
// lock, dates and limits are kept as for labgpu's own accounts. Who leaves the groups is not asked
// about any more; the record stays until it is removed.
#pragma once

#include <string>
#include <string_view>

#include "common/messages.h"
#include "common/paths.h"
#include "helper/account_store.h"
#include "helper/config.h"
#include "helper/error.h"

namespace labgpu {

class HostAccounts {
 public:
  // What is given must outlive it. `drop_in`: of sshd.
  HostAccounts(AccountStore& accounts, const Config& config, std::string drop_in = kSshdDropIn);

  // The member that PAM told of; its record is made, with ports as its settings want them, or
  // brought up to date. An error's sentence is for the person who logs in. Without the drop-in of
  // `labgpu setup` nobody is let in: sshd itself would serve the host's files to whoever asks for
  // internal-sftp.
  Result<AccountPointer> admit(std::string_view user, const HostAccount& host);

  // Nothing when sshd's drop-in is for the groups of the settings, else what to do.
  [[nodiscard]] Result<void> check_drop_in() const;

 private:
  Result<AccountPointer> refresh(const AccountPointer& known, const Account& now);

  AccountStore& accounts_;
  const Config& config_;
  std::string drop_in_;
};

}  // namespace labgpu
