// A user's own password: how it is asked for, and what is sent.
#include <gmock/gmock.h>

#include "tests/unit/cli/run_self.h"

namespace labgpu {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

json done() { return reply_with(json::object()); }

TEST(SelfPasswd, AsksOnceForTheOldOneAndTwiceForTheNewOne) {
  SelfRun self({"passwd"}, {alice_reply(), done()},
               {"old one\nnew one\nnew one\n", Input::kTypedHidden});
  EXPECT_EQ(self.ran.status, 0) << self.ran.err;
  EXPECT_THAT(self.methods(), ElementsAre("GetUser", "ChangeOwnPassword"));
  EXPECT_EQ(self.parameters(1), json({{"oldPassword", "old one"}, {"newPassword", "new one"}}));
  EXPECT_THAT(self.ran.err,
              AllOf(HasSubstr("Current password of alice: "), HasSubstr("New password for alice: "),
                    HasSubstr("The same again: "), Not(HasSubstr("new one"))));
  EXPECT_EQ(self.ran.out, "alice: the password is changed\n");
}

TEST(SelfPasswd, TwoThatDifferChangeNothing) {
  SelfRun self({"passwd"}, {alice_reply()}, {"old\nnew\nnwe\n", Input::kTypedHidden});
  EXPECT_EQ(self.ran.status, 1);
  EXPECT_THAT(self.ran.err, HasSubstr("differ"));
  EXPECT_THAT(self.methods(), ElementsAre("GetUser"));
}

TEST(SelfPasswd, WithoutATerminalItIsRefused) {
  SelfRun self({"passwd"}, {alice_reply()}, {"old\nnew\nnew\n"});
  EXPECT_EQ(self.ran.status, 2);
  EXPECT_THAT(self.ran.err, HasSubstr("--password-stdin"));
  EXPECT_THAT(self.methods(), ElementsAre("GetUser"));
}

TEST(SelfPasswd, TakesBothFromTheStandardInput) {
  SelfRun self({"passwd", "--password-stdin"}, {alice_reply(), done()}, {"old\nnew\nrest\n"});
  EXPECT_EQ(self.ran.status, 0) << self.ran.err;
  EXPECT_EQ(self.parameters(1), json({{"oldPassword", "old"}, {"newPassword", "new"}}));
  for (const char* input : {"", "old\n", "\nnew\n"}) {
    SelfRun missing({"passwd", "--password-stdin"}, {alice_reply()}, {input});
    EXPECT_EQ(missing.ran.status, 1);
    EXPECT_THAT(missing.methods(), ElementsAre("GetUser"));
  }
}

TEST(SelfPasswd, ARefusalIsTold) {
  SelfRun self({"passwd", "--password-stdin"},
               {alice_reply(),
                {{"error", "org.labgpu.NotAllowed"},
                 {"parameters", {{"message", "that is not your password"}}}}},
               {"old\nnew\n"});
  EXPECT_EQ(self.ran.status, 1);
  EXPECT_EQ(self.ran.err, "labgpu: that is not your password\n");
}

}  // namespace
}  // namespace labgpu
