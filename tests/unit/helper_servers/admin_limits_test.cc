// How much of administration a user may ask for.
#include <gmock/gmock.h>

#include "helper/admin_methods.h"
#include "tests/unit/helper_docker/run_task.h"
#include "tests/unit/helper_servers/accounts.h"
#include "tests/unit/helper_servers/fake_containers.h"
#include "tests/unit/helper_servers/fake_images.h"
#include "tests/unit/helper_servers/fake_logins.h"

namespace labgpu::test {
namespace {

using testing::HasSubstr;

class AdminLimitsTest : public testing::Test {
 protected:
  VarlinkReply restart(const std::string& user, const Peer& peer) {
    VarlinkCall call{"org.labgpu", "Restart", {{"name", user}}, false, false, peer};
    return testing_support::run_task(loop_, admin_.call(call));
  }

  EventLoop loop_;
  Accounts accounts_{loop_};
  FakeContainers containers_;
  Config config_;
  Maintenance maintenance_ = Maintenance::open(*accounts_.records).value();
  FakeLogins logins_;
  Worker worker_{loop_};
  PasswordChanges passwords_{*accounts_.store, worker_};
  FakeImages images_;
  AdminMethods admin_{loop_,        *accounts_.store, containers_, maintenance_, config_,
                      std::nullopt, logins_,          passwords_,  images_};
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
