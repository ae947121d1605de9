// What a look-up reads of the index, however many accounts there are. A look-up is its reads and
// little else, so this stands for time, which a test could not measure beside others.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "tests/module/nss/fixture.h"

namespace labgpu {
namespace {

constexpr uint32_t kFirst = 30000;

struct Reads {
  double calls = 0;
  double bytes = 0;
};

// What this thread has read so far (proc(5), /proc/pid/io).
Reads reads_so_far() {
  std::ifstream io("/proc/thread-self/io");
  Reads reads;
  std::string name;
  double value = 0;
  while (io >> name >> value) {
    if (name == "rchar:") reads.bytes = value;
    if (name == "syscr:") reads.calls = value;
  }
  EXPECT_GT(reads.calls, 0) << "the kernel does not count reads";
  return reads;
}

class Cost : public test::NssTest, public testing::WithParamInterface<uint32_t> {
 protected:
  Cost() {
    std::vector<Account> accounts;
    for (uint32_t i = 0; i < GetParam(); ++i) {
      accounts.push_back(test::account(name(i), kFirst + i));
    }
    write_index_of(accounts);
  }
  static std::string name(uint32_t i) { return "user" + std::to_string(i); }

  // The reads of one call, on average. `call` is given numbers of accounts from the whole index.
  static Reads measure(uint32_t times, const std::function<void(uint32_t)>& call) {
    const Reads before = reads_so_far();
    for (uint32_t i = 0; i < times; ++i)
      call(static_cast<uint32_t>(uint64_t{i} * GetParam() / times));
    const Reads after = reads_so_far();
    return {(after.calls - before.calls) / times, (after.bytes - before.bytes) / times};
  }
  // The header, a few slots, the record: a search among 100,000 reads on average no more than among
  // 10. Full slots make a search longer; half of them are free.
  static void expect_few(const Reads& reads) {
    EXPECT_LT(reads.calls, 5);
    EXPECT_LT(reads.bytes, 3000);
    EXPECT_GT(reads.calls, 0) << "it was counted at all";
  }

  static constexpr uint32_t kTimes = 1000;
  char buffer_[1024] = {};
  int error_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Accounts, Cost, testing::Values(10, 1000, 100000),
                         testing::PrintToStringParamName());

TEST_P(Cost, ALookUpReadsLittle) {
  passwd entry{};
  expect_few(measure(kTimes, [&](uint32_t i) {
    ASSERT_EQ(module_.getpwnam_r(name(i).c_str(), &entry, buffer_, sizeof buffer_, &error_),
              NSS_STATUS_SUCCESS);
    ASSERT_EQ(entry.pw_uid, kFirst + i);
  }));
  expect_few(measure(kTimes, [&](uint32_t i) {
    ASSERT_EQ(module_.getpwuid_r(kFirst + i, &entry, buffer_, sizeof buffer_, &error_),
              NSS_STATUS_SUCCESS);
    ASSERT_EQ(entry.pw_name, name(i));
  }));
}

TEST_P(Cost, TheGroupsOfAUserReadLittle) {
  auto* groups = static_cast<gid_t*>(calloc(4, sizeof(gid_t)));
  expect_few(measure(kTimes, [&](uint32_t i) {
    long start = 0;
    long size = 4;
    ASSERT_EQ(
        module_.initgroups_dyn(name(i).c_str(), kFirst + i, &start, &size, &groups, 0, &error_),
        NSS_STATUS_SUCCESS);
    ASSERT_EQ(start, 1);
  }));
  free(groups);
}

TEST_P(Cost, SomebodyElseReadsLittle) {
  passwd entry{};
  expect_few(measure(kTimes, [&](uint32_t i) {
    const std::string other = "other" + std::to_string(i);
    ASSERT_EQ(module_.getpwnam_r(other.c_str(), &entry, buffer_, sizeof buffer_, &error_),
              NSS_STATUS_NOTFOUND);
  }));
}

// Each login of root's asks for root's groups.
TEST_P(Cost, TheGroupsOfSomebodyElseReadNothing) {
  auto* groups = static_cast<gid_t*>(calloc(4, sizeof(gid_t)));
  const Reads reads = measure(kTimes, [&](uint32_t i) {
    long start = 0;
    long size = 4;
    ASSERT_EQ(module_.initgroups_dyn(("other" + std::to_string(i)).c_str(), 1, &start, &size,
                                     &groups, 0, &error_),
              NSS_STATUS_NOTFOUND);
  });
  EXPECT_LT(reads.calls, 0.1) << "what reading the count itself costs is in there, too";
  free(groups);
}

TEST_P(Cost, AWalkReadsLittlePerAccount) {
  passwd entry{};
  (void)module_.setpwent(0);
  uint32_t found = 0;
  const Reads before = reads_so_far();
  while (module_.getpwent_r(&entry, buffer_, sizeof buffer_, &error_) == NSS_STATUS_SUCCESS)
    ++found;
  const Reads after = reads_so_far();
  ASSERT_EQ(found, GetParam());
  EXPECT_LT((after.calls - before.calls) / (found + 1), 15);
  EXPECT_LT((after.bytes - before.bytes) / (found + 1), 4000);
}

}  // namespace
}  // namespace labgpu
