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

// Twenty have all the connections that they get, and a hundred more ask at once.
TEST(ConnectionQuota, AClassIsServedBesideThoseWhoHoldAllTheyMay) {
  for (const QuotaLimits& limits :
       {VarlinkLimits{}.connections, SessionLimits{}.connections, kUserdbLimits.connections}) {
    ConnectionQuota quota(limits);
    for (uid_t uid = 20000; uid < 20020; ++uid) EXPECT_GT(take_all(quota, uid), 0U) << uid;
    for (uid_t uid = 21000; uid < 21100; ++uid) EXPECT_TRUE(quota.enter(uid)) << uid;
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
