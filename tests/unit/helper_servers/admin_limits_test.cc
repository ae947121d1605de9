// How much of administration a user may ask for.
#include <gmock/gmock.h>

#include "tests/unit/helper_servers/admin_fixture.h"

namespace labgpu::test {
namespace {

using testing::HasSubstr;

class AdminLimitsTest : public AdminMethodsTest {
 protected:
  VarlinkReply restart(const std::string& user, const Peer& peer) {
    return reply_to("Restart", {{"name", user}}, peer);
  }
};

TEST_F(AdminLimitsTest, AUserHasSoManyChangesAMinuteAndRootAsManyAsRootLikes) {
  accounts_.add("alice");
  accounts_.add("bob");
  const Peer alice{20001, 1, {20001}};
  const Peer bob{20002, 1, {20002}};
  const Peer root{0, 1, {0}};
  for (unsigned i = 0; i < AdminMethods::kMostOwnerChanges; ++i) {
    ASSERT_TRUE(restart("alice", alice)) << i;
  }
  auto refused = restart("alice", alice);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().parameters.value("message", ""), HasSubstr("try again in a minute"));
  EXPECT_EQ(containers_.asked.size(), AdminMethods::kMostOwnerChanges);
  EXPECT_TRUE(restart("bob", bob));
  EXPECT_TRUE(restart("alice", root));
  Peer root_as_owner = alice;
  root_as_owner.only_owner = true;
  EXPECT_FALSE(restart("alice", root_as_owner)) << "by way of Manage nobody has more";
}

}  // namespace
}  // namespace labgpu::test
