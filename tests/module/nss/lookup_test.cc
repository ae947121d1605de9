// Look-ups by name and id, called as glibc calls them, with every size of buffer.
#include <errno.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "tests/module/nss/fixture.h"
#include "tests/support/temporary_directory.h"

namespace labgpu {
namespace {

class Lookup : public test::NssTest {
 protected:
  char* buffer() { return memory_.data(); }
  size_t size() const { return memory_.size(); }

  std::vector<char> memory_ = std::vector<char>(4096);
  int error_ = 0;
};

TEST_F(Lookup, PasswdByNameAndUid) {
  passwd entry{};
  ASSERT_EQ(module_.getpwnam_r("alice", &entry, buffer(), size(), &error_), NSS_STATUS_SUCCESS);
  for (int round = 0; round < 2; ++round) {
    EXPECT_STREQ(entry.pw_name, "alice");
    EXPECT_STREQ(entry.pw_passwd, "x");
    EXPECT_EQ(entry.pw_uid, 20001U);
    EXPECT_EQ(entry.pw_gid, 20001U);
    EXPECT_STREQ(entry.pw_gecos, "Alice Ü");
    EXPECT_STREQ(entry.pw_dir, "/home/alice");
    EXPECT_STREQ(entry.pw_shell, "/usr/libexec/labgpu/labgpu-session");
    entry = {};
    ASSERT_EQ(module_.getpwuid_r(20001, &entry, buffer(), size(), &error_), NSS_STATUS_SUCCESS);
  }
}

TEST_F(Lookup, GroupByNameAndGid) {
  group entry{};
  ASSERT_EQ(module_.getgrnam_r("labgpu", &entry, buffer(), size(), &error_), NSS_STATUS_SUCCESS);
  for (int round = 0; round < 2; ++round) {
    EXPECT_STREQ(entry.gr_name, "labgpu");
    EXPECT_STREQ(entry.gr_passwd, "x");
    EXPECT_EQ(entry.gr_gid, test::kGroup);
    EXPECT_STREQ(entry.gr_mem[0], "alice");
    EXPECT_STREQ(entry.gr_mem[1], "bob");
    EXPECT_STREQ(entry.gr_mem[2], "carol");
    EXPECT_EQ(entry.gr_mem[3], nullptr);
    entry = {};
    ASSERT_EQ(module_.getgrgid_r(test::kGroup, &entry, buffer(), size(), &error_),
              NSS_STATUS_SUCCESS);
  }
  ASSERT_EQ(module_.getgrgid_r(20002, &entry, buffer(), size(), &error_), NSS_STATUS_SUCCESS);
  EXPECT_STREQ(entry.gr_name, "bob");
  EXPECT_EQ(entry.gr_mem[0], nullptr);
}

TEST_F(Lookup, ShadowByName) {
  spwd entry{};
  ASSERT_EQ(module_.getspnam_r("alice", &entry, buffer(), size(), &error_), NSS_STATUS_SUCCESS);
  EXPECT_STREQ(entry.sp_namp, "alice");
  EXPECT_STREQ(entry.sp_pwdp, test::kHash);
  for (long days : {entry.sp_lstchg, entry.sp_min, entry.sp_max, entry.sp_warn, entry.sp_inact,
                    entry.sp_expire}) {
    EXPECT_EQ(days, -1);
  }
  EXPECT_EQ(entry.sp_flag, ULONG_MAX);
  ASSERT_EQ(module_.getspnam_r("bob", &entry, buffer(), size(), &error_), NSS_STATUS_SUCCESS);
  EXPECT_STREQ(entry.sp_pwdp, "!*");
  ASSERT_EQ(module_.getspnam_r("carol", &entry, buffer(), size(), &error_), NSS_STATUS_SUCCESS);
  EXPECT_STREQ(entry.sp_pwdp, "*");
}

TEST_F(Lookup, AnswersForNobodyElse) {
  passwd account{};
  group members{};
  spwd secret{};
  for (const char* name : {"root", "daemon", "", "dave", "alic", "alice ", "Alice", "../alice",
                           "-a", "=alice", "20001"}) {
    error_ = 0;
    EXPECT_EQ(module_.getpwnam_r(name, &account, buffer(), size(), &error_), NSS_STATUS_NOTFOUND);
    EXPECT_EQ(error_, ENOENT) << name;
    EXPECT_EQ(module_.getgrnam_r(name, &members, buffer(), size(), &error_), NSS_STATUS_NOTFOUND);
    EXPECT_EQ(module_.getspnam_r(name, &secret, buffer(), size(), &error_), NSS_STATUS_NOTFOUND);
  }
  const std::string endless(100000, 'a');
  EXPECT_EQ(module_.getpwnam_r(endless.c_str(), &account, buffer(), size(), &error_),
            NSS_STATUS_NOTFOUND);
  for (uint32_t id : {0U, 1U, 1000U, 19999U, 20004U, UINT32_MAX}) {
    EXPECT_EQ(module_.getpwuid_r(id, &account, buffer(), size(), &error_), NSS_STATUS_NOTFOUND);
    EXPECT_EQ(module_.getgrgid_r(id, &members, buffer(), size(), &error_), NSS_STATUS_NOTFOUND);
  }
  EXPECT_EQ(module_.getpwuid_r(test::kGroup, &account, buffer(), size(), &error_),
            NSS_STATUS_NOTFOUND)
      << "the group's number is no account's";
}

TEST_F(Lookup, KeepsErrno) {
  passwd entry{};
  errno = 4711;
  EXPECT_EQ(module_.getpwnam_r("alice", &entry, buffer(), size(), &error_), NSS_STATUS_SUCCESS);
  EXPECT_EQ(errno, 4711);
  EXPECT_EQ(error_, 0) << "nothing to report";
  EXPECT_EQ(module_.getpwnam_r("dave", &entry, buffer(), size(), &error_), NSS_STATUS_NOTFOUND);
  EXPECT_EQ(errno, 4711) << "the error goes through errnop alone";
  EXPECT_EQ(module_.getpwnam_r("alice", &entry, buffer(), 3, &errno), NSS_STATUS_TRYAGAIN);
  EXPECT_EQ(errno, ERANGE) << "glibc passes errno itself";
}

TEST_F(Lookup, OpensAndLeavesNothing) {
  const size_t before = test::open_descriptors();
  passwd entry{};
  group members{};
  spwd secret{};
  ASSERT_EQ(module_.getpwnam_r("alice", &entry, buffer(), size(), &error_), NSS_STATUS_SUCCESS);
  ASSERT_EQ(module_.getgrnam_r("alice", &members, buffer(), size(), &error_), NSS_STATUS_SUCCESS);
  ASSERT_EQ(module_.getspnam_r("alice", &secret, buffer(), size(), &error_), NSS_STATUS_SUCCESS);
  ASSERT_EQ(module_.getpwnam_r("dave", &entry, buffer(), size(), &error_), NSS_STATUS_NOTFOUND);
  EXPECT_EQ(test::open_descriptors(), before);
}

// Calls with every size from 0 up until it fits, at every alignment. Until then nothing but the
// buffer may change; then every text must lie in the buffer. `call(result, buffer, size, errnop)`,
// `texts(result)` lists pointers into the buffer.
template <typename Entry, typename Call, typename Texts>
void try_every_size(Call call, Texts texts) {
  constexpr unsigned char kUntouched = 0xa5;
  for (size_t misalignment = 0; misalignment < alignof(std::max_align_t); ++misalignment) {
    size_t needed = 0;
    for (size_t size = 0; size < 2048 && needed == 0; ++size) {
      // Just as large as it says, so that the address sanitiser sees a byte too far.
      auto memory = std::make_unique<char[]>(misalignment + size + 1);
      char* buffer = memory.get() + misalignment;
      std::fill_n(memory.get(), misalignment + size + 1, static_cast<char>(kUntouched));
      Entry entry;
      memset(&entry, kUntouched, sizeof entry);
      const Entry before = entry;
      int error = 0;
      nss_status status = call(&entry, buffer, size, &error);
      ASSERT_EQ(static_cast<unsigned char>(buffer[size]), kUntouched) << "behind the buffer";
      if (status == NSS_STATUS_SUCCESS) {
        needed = size;
        for (const void* text : texts(entry)) {
          EXPECT_GE(text, static_cast<const void*>(buffer));
          EXPECT_LT(text, static_cast<const void*>(buffer + size));
        }
        continue;
      }
      ASSERT_EQ(status, NSS_STATUS_TRYAGAIN) << size;
      ASSERT_EQ(error, ERANGE) << size;
      // Every byte counts here, padding too. NOLINTNEXTLINE(bugprone-suspicious-memory-comparison)
      ASSERT_EQ(memcmp(&entry, &before, sizeof entry), 0) << "the result was touched at " << size;
    }
    EXPECT_GT(needed, 0U);
  }
}

using Pointers = std::vector<const void*>;

Pointers passwd_texts(const passwd& e) {
  return {e.pw_name, e.pw_passwd, e.pw_gecos, e.pw_dir, e.pw_shell};
}

Pointers group_texts(const group& e) {
  Pointers found{e.gr_name, e.gr_passwd, e.gr_mem};
  EXPECT_EQ(reinterpret_cast<uintptr_t>(e.gr_mem) % alignof(char*), 0U);
  for (char** member = e.gr_mem; *member != nullptr; ++member) {
    found.push_back(member);
    found.push_back(*member);
  }
  return found;
}

Pointers shadow_texts(const spwd& e) { return {e.sp_namp, e.sp_pwdp}; }

TEST_F(Lookup, PasswdInEverySizeOfBuffer) {
  try_every_size<passwd>(
      [&](passwd* entry, char* memory, size_t room, int* error) {
        return module_.getpwnam_r("alice", entry, memory, room, error);
      },
      passwd_texts);
  try_every_size<passwd>(
      [&](passwd* entry, char* memory, size_t room, int* error) {
        return module_.getpwuid_r(20003, entry, memory, room, error);
      },
      passwd_texts);
}

TEST_F(Lookup, GroupInEverySizeOfBuffer) {
  for (const char* name : {"labgpu", "alice"}) {
    try_every_size<group>(
        [&](group* entry, char* memory, size_t room, int* error) {
          return module_.getgrnam_r(name, entry, memory, room, error);
        },
        group_texts);
  }
  try_every_size<group>(
      [&](group* entry, char* memory, size_t room, int* error) {
        return module_.getgrgid_r(test::kGroup, entry, memory, room, error);
      },
      group_texts);
}

TEST_F(Lookup, ShadowInEverySizeOfBuffer) {
  try_every_size<spwd>(
      [&](spwd* entry, char* memory, size_t room, int* error) {
        return module_.getspnam_r("alice", entry, memory, room, error);
      },
      shadow_texts);
}

TEST_F(Lookup, EnumerationInEverySizeOfBuffer) {
  try_every_size<passwd>(
      [&](passwd* entry, char* memory, size_t room, int* error) {
        module_.setpwent(0);
        return module_.getpwent_r(entry, memory, room, error);
      },
      passwd_texts);
  try_every_size<group>(
      [&](group* entry, char* memory, size_t room, int* error) {
        module_.setgrent(0);
        return module_.getgrent_r(entry, memory, room, error);
      },
      group_texts);
  try_every_size<spwd>(
      [&](spwd* entry, char* memory, size_t room, int* error) {
        module_.setspent(0);
        return module_.getspent_r(entry, memory, room, error);
      },
      shadow_texts);
}

TEST_F(Lookup, SaysTryAgainWithoutDescriptors) {
  // No member is touched under the limit: the sanitiser's check of it would need a descriptor.
  auto* getpwnam_of_module = module_.getpwnam_r;
  passwd entry{};
  char room[1024];
  int error = 0;
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  nss_status status = getpwnam_of_module("alice", &entry, room, sizeof room, &error);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(status, NSS_STATUS_TRYAGAIN);
  EXPECT_EQ(error, EMFILE) << "not found would be a lie that others remember";
}

}  // namespace
}  // namespace labgpu
