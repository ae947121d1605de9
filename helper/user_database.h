// labgpu's accounts in systemd's user database: the service org.labgpu of io.systemd.UserDatabase.
//
// The NSS module tells of the same accounts, and systemd's programs ask both (src/shared/userdb.c).
// For one user or group the first answer counts, so both say the same. Lists and memberships are
// put together without a look for doubles (userdb_iterator_get, membershipdb_iterator_get): these
// are left to NSS, as systemd-machined leaves them.
//
// nss-systemd asks here too, and its answer comes before the NSS module's. It makes a shadow entry
// of any record that is called complete (userdb_getspnam), where a locked account would be an
// expired one and pam_unix would refuse it in its own words. Users' records are called incomplete
// for that.
#pragma once

#include <string>

#include "helper/account_store.h"
#include "helper/task.h"
#include "helper/varlink_server.h"

namespace labgpu {

// Every look-up of every process comes here, several at a time of a parallel build.
inline constexpr VarlinkLimits kUserdbLimits{
    .message = size_t{1} << 16,
    .message_of_admin = size_t{1} << 16,
    .connections = {.total = 1024, .unprivileged = 768, .per_user = 64}};

class UserDatabase final : public VarlinkInterface {
 public:
  // `accounts` must outlive the object.
  explicit UserDatabase(const AccountStore& accounts) : accounts_(accounts) {}

  [[nodiscard]] std::string name() const override;
  [[nodiscard]] std::string description() const override;
  Task<VarlinkReply> call(VarlinkCall call) override;

 private:
  [[nodiscard]] VarlinkReply user_record(const VarlinkCall& call) const;
  [[nodiscard]] VarlinkReply group_record(const VarlinkCall& call) const;
  [[nodiscard]] VarlinkReply memberships(const VarlinkCall& call) const;

  const AccountStore& accounts_;
};

}  // namespace labgpu
