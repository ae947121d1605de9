// labgpu user remove and purge: what is asked before, and what is said of what stays.
#include <gmock/gmock.h>

#include "tests/unit/cli/exchange.h"

namespace labgpu {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

json purge() {
  return {
      {"name", "alice"},
      {"uid", 20001},
      {"home", "/home/alice"},
      {"keys", 1},
      {"containerName", "alice_container"},
      {"containerState", "running"},
      {"sessions", 2},
      {"directories",
       {{{"path", "/home/alice"}, {"entries", 12}, {"bytes", uint64_t{3} << 29}, {"counted", true}},
        {{"path", "/data/alice"}, {"entries", 1}, {"bytes", 102400}, {"counted", false}},
        {{"path", "/srv/alice"}, {"entries", 0}, {"bytes", 0}, {"counted", true}}}},
      {"kept", {"/data/shared"}}};
}

TEST(UserRemove, SaysThatAnAccountOfTheServerMayComeBack) {
  json removed = {
      {"home", "/home/alice"}, {"containerName", "alice_container"}, {"origin", "host"}};
  Exchange e({"user", "remove", "alice", "--yes"}, {reply(removed)});
  EXPECT_THAT(e.ran.out, HasSubstr("stays an account of this server"));
  removed["origin"] = "labgpu";
  Exchange own({"user", "remove", "alice", "--yes"}, {reply(removed)});
  EXPECT_THAT(own.ran.out, Not(HasSubstr("stays an account")));
}

TEST(UserRemove, SaysWhatIsKept) {
  Exchange e({"user", "remove", "alice", "--yes"}, {reply({{"home", "/home/alice"},
                                                           {"containerName", "alice_container"},
                                                           {"origin", "labgpu"}})});
  EXPECT_EQ(e.parameters(), json({{"name", "alice"}}));
  EXPECT_THAT(e.ran.out, HasSubstr("kept: /home/alice\n"));
  EXPECT_THAT(e.ran.out, HasSubstr("docker rm alice_container"));
  Exchange never({"user", "remove", "alice", "--yes"},
                 {reply({{"home", "/home/alice"}, {"containerName", ""}})});
  EXPECT_THAT(never.ran.out, Not(HasSubstr("docker")));
}

TEST(UserRemove, DoesNothingWithoutATerminalToAskAt) {
  Exchange e({"user", "remove", "alice"}, {}, "y\n");
  EXPECT_EQ(e.ran.status, 2);
  EXPECT_THAT(e.ran.err, HasSubstr("--yes"));
  EXPECT_TRUE(e.helper.requests().empty());
}

TEST(UserPurge, AsksAtATerminalAndSaysWhatGoes) {
  auto plan = reply({{"purge", purge()}});
  Exchange e({"user", "remove", "alice", "--purge"}, {plan}, "y\n");
  EXPECT_EQ(e.ran.status, 2);
  EXPECT_THAT(e.ran.err, HasSubstr("--yes"));
  ASSERT_EQ(e.helper.requests().size(), 1U);
  EXPECT_EQ(e.method(), "org.labgpu.PurgeUser");
  EXPECT_EQ(e.parameters(), json({{"name", "alice"}, {"dryRun", true}, {"force", false}}));
  EXPECT_THAT(e.ran.err,
              HasSubstr("This is deleted for good, but for what is kept:\n"
                        "account    alice, uid 20001, with 1 key\n"
                        "container  alice_container, running, 2 sessions open\n"
                        "home       /home/alice: 1.5 GiB in 12 files and directories\n"
                        "directory  /data/alice: at least 100 KiB in 1 file or directory\n"
                        "directory  /srv/alice: not there\n"
                        "kept       /data/shared\n"));
}

TEST(UserPurge, DoesItWithYes) {
  Exchange e({"user", "remove", "alice", "--purge", "--yes", "--force"},
             {reply({{"purge", purge()}})});
  EXPECT_EQ(e.ran.status, 0) << e.ran.err;
  ASSERT_EQ(e.helper.requests().size(), 1U);
  EXPECT_EQ(e.parameters(), json({{"name", "alice"}, {"force", true}}));
  EXPECT_EQ(e.helper.requests().at(0).at("more"), true);
  EXPECT_EQ(e.ran.out,
            "alice: removed\n"
            "deleted: container alice_container\n"
            "deleted: /home/alice\ndeleted: /data/alice\ndeleted: /srv/alice\n"
            "kept: /data/shared\n");
  EXPECT_EQ(e.ran.err, "") << "no progress where nobody looks";
}

TEST(UserPurge, ForceGoesWithPurge) {
  Exchange e({"user", "remove", "alice", "--yes", "--force"}, {});
  EXPECT_EQ(e.ran.status, 2);
  EXPECT_TRUE(e.helper.requests().empty());
}

}  // namespace
}  // namespace labgpu
