// Who gets how many of a socket's connections, with the limits of the helper's own sockets.
#include "helper/connection_quota.h"

#include <gtest/gtest.h>

#include "helper/session_server.h"
#include "helper/user_database.h"
#include "helper/varlink_server.h"

namespace labgpu::test {
namespace {

// All that one user gets.
size_t take_all(ConnectionQuota& quota, uid_t uid) {
  size_t taken = 0;
  while (quota.enter(uid)) ++taken;
  return taken;
}

TEST(ConnectionQuota, WhoIsAloneGetsWhatAUserMayHave) {
  for (const QuotaLimits& limits :
       {VarlinkLimits{}.connections, SessionLimits{}.connections, kUserdbLimits.connections}) {
    ConnectionQuota quota(limits);
    EXPECT_EQ(take_all(quota, 20000), limits.per_user);
    quota.leave(20000);
    EXPECT_EQ(take_all(quota, 20000), 1U);
  }
}

// Twenty have all the connections that they get, and a hundred or two more ask at once.
TEST(ConnectionQuota, AClassIsServedBesideThoseWhoHoldAllTheyMay) {
  struct Socket {
    QuotaLimits limits;
    uid_t others;
  };
  for (const Socket& socket :
       {Socket{VarlinkLimits{}.connections, 200}, Socket{SessionLimits{}.connections, 200},
        Socket{kUserdbLimits.connections, 100}}) {
    ConnectionQuota quota(socket.limits);
    for (uid_t uid = 20000; uid < 20020; ++uid) EXPECT_GT(take_all(quota, uid), 0U) << uid;
    for (uid_t i = 0; i < socket.others; ++i) EXPECT_TRUE(quota.enter(21000 + i)) << i;
  }
}

TEST(ConnectionQuota, RootGetsInWhenOthersHaveAllTheirs) {
  const QuotaLimits limits = SessionLimits{}.connections;
  ConnectionQuota quota(limits);
  for (uid_t uid = 20000; uid < 22000; ++uid) take_all(quota, uid);
  EXPECT_FALSE(quota.enter(22000));
  EXPECT_EQ(take_all(quota, 0), limits.total - limits.unprivileged);
}

}  // namespace
}  // namespace labgpu::test
