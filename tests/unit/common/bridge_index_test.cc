// common/bridge_index.h: what the helper published is found, and a damaged file is an error.
#include "common/bridge_index.h"

#include <errno.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/cdb_file.h"
#include "tests/support/temporary_directory.h"

namespace labgpu::test {
namespace {

class BridgeIndexTest : public testing::Test {
 protected:
  int policy(const Records& records, BridgePolicy& out) {
    write_cdb(path_, records);
    BridgeIndex index;
    int error = index.open(path_.c_str());
    return error != 0 ? error : index.policy(buffer_, out);
  }

  TemporaryDirectory directory_;
  std::string path_ = directory_ / "bridge.cdb";
  char buffer_[BridgeIndex::kPolicyRoom] = {};
};

TEST_F(BridgeIndexTest, IsNotThereWithoutABridge) {
  BridgeIndex index;
  EXPECT_EQ(index.open(path_.c_str()), ENOENT);
}

TEST_F(BridgeIndexTest, GivesThePolicy) {
  BridgePolicy policy_found;
  ASSERT_EQ(policy({{"*", "1000:gpuusers,domain users"}}, policy_found), 0);
  EXPECT_EQ(policy_found.first_uid, 1000U);
  EXPECT_EQ(policy_found.groups, "gpuusers,domain users");
  // Accounts are still known after the last group was taken out.
  ASSERT_EQ(policy({{"*", "1000:"}}, policy_found), 0);
  EXPECT_EQ(policy_found.groups, "");
}

TEST_F(BridgeIndexTest, HasRoomForTheLongestPolicy) {
  std::string groups;
  for (size_t i = 0; i < kMaxBridgeGroups; ++i) {
    groups += (groups.empty() ? "" : ",") + std::string(kMaxGroupName, 'g');
  }
  BridgePolicy policy_found;
  ASSERT_EQ(policy({{"*", "2147483647:" + groups}}, policy_found), 0);
  EXPECT_EQ(policy_found.groups, groups);
}

TEST_F(BridgeIndexTest, RefusesAPolicyThatItDoesNotUnderstand) {
  for (const char* value : {"", "1000", ":gpuusers", "0:gpuusers", "x:gpuusers", "1000:a:b"}) {
    BridgePolicy policy_found;
    EXPECT_EQ(policy({{"*", value}}, policy_found), EBADMSG) << value;
  }
  BridgePolicy policy_found;
  EXPECT_EQ(policy({{"=alice", "5001"}}, policy_found), EBADMSG);
}

TEST_F(BridgeIndexTest, KnowsAccountsByEitherOfNameAndUid) {
  write_cdb(path_, {{"*", "1000:g"}, {"=alice", "5001"}, {"#5001", "alice"}});
  BridgeIndex index;
  ASSERT_EQ(index.open(path_.c_str()), 0);
  EXPECT_EQ(index.knows("alice", 5001), 0);
  EXPECT_EQ(index.knows("alice", 7), 0);
  EXPECT_EQ(index.knows("alicia", 5001), 0);
  EXPECT_EQ(index.knows("bob", 5002), ENOENT);
  EXPECT_EQ(index.knows("Not A Name", 5002), ENOENT);
}

}  // namespace
}  // namespace labgpu::test
