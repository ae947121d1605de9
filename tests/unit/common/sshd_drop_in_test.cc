// common/sshd_drop_in.h: for whom the drop-in is.
#include "common/sshd_drop_in.h"

#include <gtest/gtest.h>

namespace labgpu {
namespace {

TEST(SshdDropIn, HasItsGroupsInTheMatchLine) {
  EXPECT_EQ(
      groups_of_drop_in("# a comment\n\nMatch User *,!root Group labgpu\n    ForceCommand x\n"),
      "labgpu");
  EXPECT_EQ(groups_of_drop_in("Match User *,!root Group labgpu,gpuusers"), "labgpu,gpuusers");
  EXPECT_EQ(groups_of_drop_in("Match User *,!root Group \"labgpu,domain users\"\n"),
            "labgpu,domain users");
}

TEST(SshdDropIn, HasNoneWhenTheLineSaysSomethingElse) {
  for (const char* text :
       {"", "# Match User *,!root Group labgpu\n", "Match Group labgpu\n",
        "Match User *,!root Group labgpu Host x\n", "Match User *,!root Group \"labgpu\" Host x\n",
        "  Match User *,!root Group labgpu\n"}) {
    EXPECT_EQ(groups_of_drop_in(text), "") << text;
  }
}

TEST(SshdDropIn, GivesTheWholeLine) {
  EXPECT_EQ(
      match_line_of_drop_in("# x\nMatch User *,!root Group a,b\nMatch User *,!root Group c\n"),
      "Match User *,!root Group a,b");
  EXPECT_EQ(match_line_of_drop_in("# x\n"), "");
}

TEST(SshdDropIn, ListsAGroupByItsWholeName) {
  EXPECT_TRUE(lists_group("labgpu,gpuusers", "gpuusers"));
  EXPECT_TRUE(lists_group("labgpu,gpuusers", "labgpu"));
  EXPECT_FALSE(lists_group("labgpu,gpuusers", "gpu"));
  EXPECT_FALSE(lists_group("", "gpuusers"));
}

}  // namespace
}  // namespace labgpu
