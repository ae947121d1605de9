// A user's own commands: what each asks the helper, what it asks first, and what it prints.
#include <gmock/gmock.h>

#include "tests/unit/cli/run_self.h"

namespace labgpu {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

json container(const std::string& state) {
  return {{"user", "alice"},
          {"name", state == "absent" ? "" : "alice_container"},
          {"id", "0123"},
          {"state", state},
          {"image", "cuda:12"},
          {"startedAt", state == "running" ? "2025-05-20T12:03:04.5Z" : ""},
          {"address", ""},
          {"sessions", 2},
          {"ports", json::array()},
          {"needsRebuild", json::array()},
          {"pending", json::array()}};
}
json status(const json& of) { return reply_with({{"containers", {of}}}); }
json changed(const std::string& state) { return reply_with({{"container", container(state)}}); }
json login(uint64_t number, bool own) {
  return {{"number", number},    {"user", "alice"},
          {"from", "192.0.2.1"}, {"sinceUSec", 0},
          {"own", own},          {"commands", {{{"command", "make"}, {"terminal", false}}}}};
}
json logins(const std::vector<json>& list) { return reply_with({{"logins", list}}); }
json ended() { return reply_with({{"ended", 1}}); }

TEST(Self, NothingAndHelpListTheCommands) {
  for (const auto& arguments :
       {std::vector<std::string>{}, {"help"}, {"--help"}, {"help", "--help"}}) {
    SelfRun self(arguments, {});
    EXPECT_EQ(self.ran.status, 0) << self.ran.err;
    EXPECT_THAT(self.ran.out, HasSubstr("Usage: labgpu"));
  }
  SelfRun self({"help"}, {});
  for (const char* command : {"status", "start", "restart", "stop", "sessions", "kill", "gpu",
                              "ports", "passwd", "keys", "help"}) {
    EXPECT_THAT(self.ran.out, HasSubstr("\n  " + std::string(command) + " ")) << command;
  }
}

TEST(Self, HasNoArgumentForAnAccountAndNothingOfTheAdministrators) {
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"stop", "bob"},
                                                    {"status", "bob"},
                                                    {"sessions", "bob"},
                                                    {"kill", "bob"},
                                                    {"ports", "bob"},
                                                    {"user", "list"},
                                                    {"setup"},
                                                    {"image", "bootstrap"},
                                                    {"maintenance"},
                                                    {"key", "list", "bob"},
                                                    {"status", "--socket", "/x"},
                                                    {"passwd", "bob"},
                                                    {"nonsense"}}) {
    SelfRun self(arguments, {});
    EXPECT_EQ(self.ran.status, 2) << arguments[0];
    EXPECT_THAT(self.ran.err, HasSubstr("see labgpu help"));
    EXPECT_TRUE(self.methods().empty());
  }
}

TEST(Self, AWrongWordIsNamed) {
  EXPECT_EQ(SelfRun({"statsu"}, {}).ran.err,
            "labgpu: The following argument was not expected: statsu; see labgpu help\n");
  SelfRun two({"sessions", "stop", "--yes"}, {});
  EXPECT_EQ(two.ran.status, 2);
  EXPECT_TRUE(two.methods().empty());
}

TEST(SelfStatus, SaysWhatAUserWantsToKnow) {
  auto running = container("running");
  running["needsRebuild"] = {"image"};
  SelfRun self({"status"}, {alice_reply(), status(running)});
  EXPECT_EQ(self.ran.status, 0) << self.ran.err;
  EXPECT_THAT(self.methods(), ElementsAre("GetUser", "Status"));
  EXPECT_THAT(self.ran.out, AllOf(HasSubstr("account    alice\n"),
                                  HasSubstr("container  running since 2025-05-20"),
                                  HasSubstr("sessions   2\n"), HasSubstr("image      cuda:12\n"),
                                  HasSubstr("memory     16g\n"), HasSubstr("needs a rebuild"),
                                  Not(HasSubstr("cpus")), Not(HasSubstr("hostname"))));
}

TEST(SelfStatus, SaysWhyItDoesNotStart) {
  auto failed = container("absent");
  failed["failure"] = "the image lab:9 is nowhere\033[2J";
  failed["failedUSec"] = 1700000000000000;
  SelfRun self({"status"}, {alice_reply(), status(failed)});
  EXPECT_THAT(self.ran.out, AllOf(HasSubstr("none yet"), HasSubstr("could not be started (2023-"),
                                  HasSubstr("the image lab:9 is nowhere?[2J")));
  auto starting = container("stopped");
  starting["starting"] = true;
  SelfRun now({"status"}, {alice_reply(), status(starting)});
  EXPECT_THAT(now.ran.out, HasSubstr("being started now"));
  starting["fetching"] = "lab:9";
  SelfRun fetching({"status"}, {alice_reply(), status(starting)});
  EXPECT_THAT(fetching.ran.out, HasSubstr("The image lab:9 is being fetched"));
}

// Docker hangs, or the settings make no container.
TEST(SelfStatus, SaysWhatIsKnownWithoutDocker) {
  SelfRun self({"status"}, {alice_reply(),
                            {{"error", "org.labgpu.Unavailable"},
                             {"parameters", {{"message", "Docker is away"}}}}});
  EXPECT_EQ(self.ran.status, 0);
  EXPECT_THAT(self.ran.out, AllOf(HasSubstr("container  unknown\n"), HasSubstr("Docker is away"),
                                  HasSubstr("image      cuda:12\n")));
}

TEST(SelfStatus, JsonHasBoth) {
  SelfRun self({"status", "--json"}, {alice_reply(), status(container("stopped"))});
  auto told = json::parse(self.ran.out);
  EXPECT_EQ(told["user"]["name"], "alice");
  EXPECT_EQ(told["container"]["state"], "stopped");
}

TEST(SelfStart, AsksNothing) {
  SelfRun self({"start"}, {alice_reply(), changed("running")});
  EXPECT_EQ(self.ran.status, 0) << self.ran.err;
  EXPECT_THAT(self.methods(), ElementsAre("GetUser", "Start"));
  EXPECT_EQ(self.parameters(1), json({{"name", "alice"}}));
}

TEST(SelfStop, AsksFirstAndSaysWhatIsLost) {
  for (const char* command : {"stop", "restart"}) {
    auto asked = std::vector<json>{alice_reply(), status(container("running")),
                                   logins({login(1, true), login(2, false), login(3, false)}),
                                   changed("stopped")};
    SelfRun yes({command}, asked, {"y\n", Input::kTyped});
    EXPECT_EQ(yes.ran.status, 0) << yes.ran.err;
    EXPECT_THAT(yes.ran.err, HasSubstr("your container? Everything that runs in it ends, also in "
                                       "your 2 other sessions. [y/N]"));
    EXPECT_EQ(yes.methods().size(), 4U);
    SelfRun no({command}, asked, {"n\n", Input::kTyped});
    EXPECT_EQ(no.ran.status, 1);
    EXPECT_THAT(no.ran.err, HasSubstr("nothing was done"));
    EXPECT_EQ(no.methods().size(), 3U);
    SelfRun nobody({command}, asked, {"y\n"});
    EXPECT_EQ(nobody.ran.status, 2);
    EXPECT_THAT(nobody.ran.err, HasSubstr("no terminal to ask at; say --yes"));
    EXPECT_EQ(nobody.methods().size(), 3U);
  }
}

TEST(SelfStop, DoesItWithYesOrWhenNothingRuns) {
  SelfRun yes({"stop", "--yes"}, {alice_reply(), changed("stopped")});
  EXPECT_EQ(yes.ran.status, 0) << yes.ran.err;
  EXPECT_THAT(yes.methods(), ElementsAre("GetUser", "Stop"));
  SelfRun stopped({"restart"}, {alice_reply(), status(container("stopped")), changed("running")});
  EXPECT_EQ(stopped.ran.status, 0) << stopped.ran.err;
  EXPECT_THAT(stopped.methods(), ElementsAre("GetUser", "Status", "Restart"));
}

TEST(SelfSessions, MarksTheOneItComesFrom) {
  SelfRun self({"sessions"}, {logins({login(1, true), login(2, false)})});
  EXPECT_THAT(self.ran.out, HasSubstr("make (this one)\n"));
  EXPECT_THAT(self.ran.out, HasSubstr("make\n"));
}

TEST(SelfKill, EndsTheOthers) {
  auto list = logins({login(1, true), login(2, false), login(3, false)});
  SelfRun self({"kill", "--yes"}, {alice_reply(), list, ended(), ended()});
  EXPECT_EQ(self.ran.status, 0) << self.ran.err;
  EXPECT_EQ(self.ran.out, "alice: ended 2 sessions\n");
  EXPECT_EQ(self.parameters(2), json({{"name", "alice"}, {"number", 2}}));
  EXPECT_EQ(self.parameters(3), json({{"name", "alice"}, {"number", 3}}));
  SelfRun asked({"kill"}, {alice_reply(), list});
  EXPECT_EQ(asked.ran.status, 2);
  EXPECT_EQ(asked.methods().size(), 2U);
  SelfRun none({"kill"}, {alice_reply(), logins({login(1, true)})});
  EXPECT_EQ(none.ran.out, "alice: ended 0 sessions\n");
}

TEST(SelfKill, EndsTheOneThatIsNamed) {
  SelfRun self({"kill", "7"}, {alice_reply(), ended()}, {"yes\n", Input::kTyped});
  EXPECT_EQ(self.ran.status, 0) << self.ran.err;
  EXPECT_THAT(self.ran.err, HasSubstr("End session 7"));
  EXPECT_EQ(self.parameters(1), json({{"name", "alice"}, {"number", 7}}));
}

TEST(SelfGpu, ShowsWhoseTheyAre) {
  SelfRun self(
      {"gpu"},
      {reply_with(
          {{"gpus",
            {{{"index", "0"},
              {"name", "H100"},
              {"processes", {{{"user", "bob"}, {"memory", 1 << 30}}, {{"memory", 1 << 20}}}}}}}})});
  EXPECT_THAT(self.ran.out, HasSubstr("bob 1.0 GiB"));
  EXPECT_EQ(self.parameters(0), json::object());
}

TEST(SelfKeys, AreListed) {
  SelfRun self(
      {"keys"},
      {reply_with(
          {{"keys", {{{"fingerprint", "SHA256:abc"}, {"type", "ssh-rsa"}, {"comment", "a@b"}}}}})});
  EXPECT_THAT(self.ran.out, HasSubstr("SHA256:abc"));
}

TEST(Self, AHelperThatIsAwaySaysWhatAUserCanDo) {
  SelfRun self({"start"}, {});
  EXPECT_EQ(self.ran.status, 69);
  EXPECT_THAT(self.ran.err, HasSubstr("tell the administrator"));
  EXPECT_THAT(self.ran.err, Not(HasSubstr("systemctl")));
}

}  // namespace
}  // namespace labgpu
