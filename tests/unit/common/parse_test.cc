// common/parse.h: the whole text must be right.
#include "common/parse.h"

#include <gtest/gtest.h>
#include <limits.h>

#include <string>

namespace labgpu {
namespace {

TEST(UserName, TakesThePortableSet) {
  for (const char* name :
       {"a", "alice", "_apt", "a-b_c9", "x1", "a234567890123456789012345678901b"}) {
    EXPECT_TRUE(is_user_name(name)) << name;
  }
}

TEST(UserName, RefusesTheRest) {
  for (const char* name :
       {"", "-rf", "9lives", "Alice", "alicE", "a.b", "a b", "a/b", "../x", ".", "..", "a$", "a:b",
        "a\n", "é", "root\t", "a234567890123456789012345678901bc"}) {
    EXPECT_FALSE(is_user_name(name)) << name;
  }
  EXPECT_FALSE(is_user_name(std::string_view("a\0b", 3)));
  EXPECT_FALSE(is_user_name(std::string(200, 'a')));
}

TEST(GroupName, TakesWhatDirectoriesHave) {
  for (const char* name :
       {"gpuusers", "GPU-Users", "domain users", "lab.g1@ad.example.com", "_x"}) {
    EXPECT_TRUE(is_group_name(name)) << name;
  }
  EXPECT_TRUE(is_group_name(std::string(kMaxGroupName, 'g')));
}

TEST(GroupName, RefusesWhatMeansSomethingInAListOrAPattern) {
  for (const char* name : {"", "a,b", "gpu*", "gpu?", "!gpu", "a:b", "a\"b", "a ", " a", "-a", ".a",
                           "a\nb", "DOM\\users", "é", "#a"}) {
    EXPECT_FALSE(is_group_name(name)) << name;
  }
  EXPECT_FALSE(is_group_name(std::string(kMaxGroupName + 1, 'g')));
}

TEST(TakeUntil, GivesOnePartAfterTheOther) {
  std::string_view rest = "a,,b";
  EXPECT_EQ(take_until(rest, ','), "a");
  EXPECT_EQ(take_until(rest, ','), "");
  EXPECT_EQ(take_until(rest, ','), "b");
  EXPECT_TRUE(rest.empty());
}

TEST(Numbers, TakeDecimalDigits) {
  uint32_t small = 1;
  EXPECT_TRUE(parse_u32("0", small));
  EXPECT_EQ(small, 0U);
  EXPECT_TRUE(parse_u32("4294967295", small));
  EXPECT_EQ(small, 4294967295U);
  uint64_t large = 0;
  EXPECT_TRUE(parse_u64("18446744073709551615", large));
  EXPECT_EQ(large, 18446744073709551615U);
}

TEST(Numbers, RefuseAnythingElseAndLeaveTheValue) {
  for (const char* text : {"", " 1", "1 ", "+1", "-1", "01", "00", "0x1", "1e3", "1.0",
                           "4294967296", "99999999999999999999999", "\xd9\xa1"}) {
    uint32_t value = 7;
    EXPECT_FALSE(parse_u32(text, value)) << text;
    EXPECT_EQ(value, 7U) << text;
  }
  uint64_t large = 7;
  EXPECT_FALSE(parse_u64("18446744073709551616", large));
  EXPECT_FALSE(parse_u64("184467440737095516150", large));
  EXPECT_EQ(large, 7U);
}

TEST(PlainPath, TakesAbsolutePaths) {
  for (const char* path : {"/", "/home/alice", "/a/.b", "/...", "/a b/ü", "/.ssh", "/a..b"}) {
    EXPECT_TRUE(is_plain_path(path)) << path;
  }
  EXPECT_TRUE(is_plain_path("/" + std::string(PATH_MAX - 2, 'a')));
}

TEST(PlainPath, RefusesTheRest) {
  for (const char* path : {"", "home", "./a", "/a/", "//", "/a//b", "/.", "/..", "/a/../b",
                           "/a/./b", "/a/..", "/a\nb", "/a\x7f", "/\x01"}) {
    EXPECT_FALSE(is_plain_path(path)) << path;
  }
  EXPECT_FALSE(is_plain_path(std::string_view("/a\0b", 4)));
  EXPECT_FALSE(is_plain_path("/" + std::string(PATH_MAX - 1, 'a')));
}

}  // namespace
}  // namespace labgpu
