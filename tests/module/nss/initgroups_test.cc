// initgroups_dyn: adds what labgpu knows to glibc's growing array, and nothing else.
#include <errno.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>
#include <vector>

#include "common/paths.h"
#include "tests/module/nss/fixture.h"
#include "tests/support/cdb_file.h"
#include "tests/support/temporary_directory.h"

namespace labgpu {
namespace {

using testing::ElementsAre;

// The array as glibc's getgrouplist keeps it.
class Initgroups : public test::NssTest {
 protected:
  explicit Initgroups(long size = 1) : size_(size) {
    groups_ = static_cast<gid_t*>(calloc(static_cast<size_t>(size), sizeof(gid_t)));
  }
  ~Initgroups() override { free(groups_); }

  nss_status ask(const char* user, gid_t primary, long limit = 0) {
    return module_.initgroups_dyn(user, primary, &start_, &size_, &groups_, limit, &error_);
  }
  std::vector<gid_t> groups() const { return {groups_, groups_ + start_}; }
  void have(const std::vector<gid_t>& gids) {
    free(groups_);
    size_ = start_ = static_cast<long>(gids.size());
    groups_ = static_cast<gid_t*>(calloc(gids.size(), sizeof(gid_t)));
    std::copy(gids.begin(), gids.end(), groups_);
  }

  gid_t* groups_ = nullptr;
  long start_ = 0;
  long size_ = 0;
  int error_ = 0;
};

TEST_F(Initgroups, AddsTheGroupOfAllAccounts) {
  EXPECT_EQ(ask("alice", 20001), NSS_STATUS_SUCCESS);
  EXPECT_THAT(groups(), ElementsAre(test::kGroup));
}

TEST_F(Initgroups, KeepsWhatIsThereAndGrowsTheArray) {
  have({20001, 4, 24});
  EXPECT_EQ(ask("alice", 20001), NSS_STATUS_SUCCESS);
  EXPECT_THAT(groups(), ElementsAre(20001, 4, 24, test::kGroup));
  EXPECT_GE(size_, 4);
}

TEST_F(Initgroups, LeavesOutThePrimaryGroup) {
  EXPECT_EQ(ask("alice", test::kGroup), NSS_STATUS_SUCCESS);
  EXPECT_THAT(groups(), ElementsAre());
}

TEST_F(Initgroups, StopsAtTheLimit) {
  have({20001});
  EXPECT_EQ(ask("alice", 20001, 1), NSS_STATUS_SUCCESS);
  EXPECT_THAT(groups(), ElementsAre(20001));
  EXPECT_EQ(ask("alice", 20001, 2), NSS_STATUS_SUCCESS);
  EXPECT_THAT(groups(), ElementsAre(20001, test::kGroup));
  EXPECT_EQ(size_, 2) << "no larger than the limit";
}

TEST_F(Initgroups, AddsNothingForOthers) {
  for (const char* user : {"root", "dave", "", "../x", "labgpu"}) {
    EXPECT_EQ(ask(user, 1000), NSS_STATUS_NOTFOUND) << user;
    EXPECT_EQ(error_, ENOENT);
  }
  EXPECT_THAT(groups(), ElementsAre());
}

TEST_F(Initgroups, AsksTheIndexWhenTheNamesCannotBeRead) {
  std::filesystem::remove_all(kIndexedNames);
  ASSERT_NO_FATAL_FAILURE(test::write_file(kIndexedNames, "no directory"));
  EXPECT_EQ(ask("alice", 20001), NSS_STATUS_SUCCESS);
  EXPECT_THAT(groups(), ElementsAre(test::kGroup));
  EXPECT_EQ(ask("dave", 20001), NSS_STATUS_NOTFOUND);
  std::filesystem::remove(kIndexedNames);
}

TEST_F(Initgroups, AnOddNameIsNoPath) {
  for (const char* user : {"", ".", "..", "../passwd.cdb", "a/b", "alice/", "alice\n"}) {
    EXPECT_EQ(ask(user, 1000), NSS_STATUS_NOTFOUND) << user;
  }
  EXPECT_EQ(ask(std::string(32, 'a').c_str(), 1000), NSS_STATUS_NOTFOUND);
  EXPECT_EQ(ask(std::string(100000, 'a').c_str(), 1000), NSS_STATUS_NOTFOUND);
}

TEST_F(Initgroups, KeepsErrno) {
  errno = 4711;
  EXPECT_EQ(ask("alice", 20001), NSS_STATUS_SUCCESS);
  EXPECT_EQ(ask("dave", 20001), NSS_STATUS_NOTFOUND);
  EXPECT_EQ(errno, 4711);
}

TEST_F(Initgroups, AddsALongList) {
  std::string list = "30000";
  std::vector<gid_t> expected{30000};
  for (gid_t gid = 30001; gid < 30100; ++gid) {
    list += "," + std::to_string(gid);
    expected.push_back(gid);
  }
  ASSERT_NO_FATAL_FAILURE(test::write_cdb(kGroupIndex, {{"@alice", list}}));
  EXPECT_EQ(ask("alice", 20001), NSS_STATUS_SUCCESS);
  EXPECT_EQ(groups(), expected);
}

TEST_F(Initgroups, NeverAddsRootsGroup) {
  for (const std::string& list :
       {std::string("0"), std::string(""), std::string("20000,0"), std::string("20000,"),
        std::string("x"), std::string(2000, '1')}) {
    ASSERT_NO_FATAL_FAILURE(test::write_cdb(kGroupIndex, {{"@alice", list}}));
    EXPECT_EQ(ask("alice", 20001), NSS_STATUS_UNAVAIL) << list;
    EXPECT_EQ(error_, EBADMSG) << list;
    EXPECT_THAT(groups(), testing::Not(testing::Contains(0U)));
  }
}

}  // namespace
}  // namespace labgpu
