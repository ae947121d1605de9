// labgpu status, log, start, stop, restart and maintenance, and what a new setting did to a
// container.
#include <gmock/gmock.h>

#include "tests/unit/cli/command_replies.h"
#include "tests/unit/cli/exchange.h"

namespace labgpu {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

TEST(Status, AllOrOne) {
  set_zone("UTC");
  Exchange all({"status"}, {reply({{"containers", {container("running")}}})});
  EXPECT_EQ(all.parameters(), json::object());
  EXPECT_EQ(all.ran.out,
            "NAME   STATE    SESSIONS  SINCE             ADDRESS     IMAGE    CONTAINER\n"
            "alice  running  3         2025-05-20 12:03  172.17.0.2  cuda:12  alice_container\n");
  Exchange one({"status", "alice"}, {reply({{"containers", json::array()}})});
  EXPECT_EQ(one.parameters(), json({{"name", "alice"}}));
}

TEST(Status, WhatAContainerHasNotIsSaidBelow) {
  auto different = container("running");
  different["ports"] = {"20000:8888", "20001:ssh"};
  different["needsRebuild"] = {"mounts", "shm_size"};
  different["pending"] = {"memory"};
  Exchange e({"status"}, {reply({{"containers", {different, container("stopped")}}})});
  EXPECT_THAT(e.ran.out, HasSubstr("CONTAINER        PORTS\n"));
  EXPECT_THAT(e.ran.out, HasSubstr("alice_container  20000:8888, 20001:ssh\n"));
  EXPECT_THAT(e.ran.out, HasSubstr("alice_container  -\n"));
  EXPECT_THAT(e.ran.out, HasSubstr("alice: needs a rebuild; its container was made with another "
                                   "mounts, shm_size\n"));
  EXPECT_THAT(e.ran.out, HasSubstr("alice: Docker has not changed memory yet"));
}

TEST(Status, WhatBefellAContainerIsSaidBelow) {
  auto ill = container("running");
  ill["answers"] = false;
  ill["idleStopUSec"] = 1747742640000000;
  ill["memoryKills"] = 2;
  ill["lastMemoryKillUSec"] = 1747742640000000;
  ill["lastEnd"] = {
      {"cause", "killed"}, {"atUSec", 1747742640000000}, {"reason", "was killed \x1b"}};
  Exchange e({"status"}, {reply({{"containers", {ill}}})});
  EXPECT_THAT(e.ran.out,
              HasSubstr("does not answer, so nobody can log in; `labgpu restart alice`"));
  EXPECT_THAT(e.ran.out, HasSubstr("alice: stops at 2025-05-20 12:04 when it stays idle\n"));
  EXPECT_THAT(e.ran.out, HasSubstr("alice: ran out of memory: the kernel killed 2 processes of it, "
                                   "the last at 2025-05-20 12:04\n"));
  EXPECT_THAT(e.ran.out, HasSubstr("alice: was killed ?, at 2025-05-20 12:04\n"));
  ill = container("running");
  ill["answers"] = true;
  ill["memoryKills"] = 0;
  ill["lastEnd"] = {{"cause", "asked"}, {"atUSec", 1}, {"reason", "was stopped"}};
  Exchange well({"status"}, {reply({{"containers", {ill}}})});
  EXPECT_THAT(well.ran.out, Not(HasSubstr("alice: ")));
}

json log_entry(const char* message) {
  return {
      {"atUSec", 1747742640000000}, {"event", "login"}, {"user", "alice"}, {"message", message}};
}

TEST(Log, IsALineForEachEvent) {
  Exchange e({"log", "alice", "--lines", "5", "--since", "2025-01-01"},
             {reply({{"entries", {log_entry("session opened"), log_entry("\x1b")}}})});
  EXPECT_EQ(e.method(), "org.labgpu.ReadLog");
  EXPECT_EQ(e.parameters(), json({{"name", "alice"}, {"lines", 5}, {"since", "2025-01-01"}}));
  EXPECT_EQ(e.ran.out,
            "2025-05-20 12:04:00  alice         login     session opened\n"
            "2025-05-20 12:04:00  alice         login     ?\n");
  Exchange all({"log"}, {reply({{"entries", json::array()}})});
  EXPECT_EQ(all.parameters(), json::object());
}

TEST(Log, BadOptionsAreRefused) {
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"log", "--lines", "0"}, {"log", "--lines", "1001"}, {"log", "--follow", "--json"}}) {
    Exchange e(words, {});
    EXPECT_EQ(e.ran.status, 2) << words.back();
  }
}

TEST(UserSet, SaysWhatItDidToTheContainer) {
  auto different = container("running");
  different["needsRebuild"] = {"mounts"};
  Exchange e({"user", "set", "alice", "memory=16g", "mounts=/data"},
             {reply({{"user", alice()}, {"changed", {"memory"}}, {"container", different}})});
  EXPECT_THAT(e.ran.out, HasSubstr("alice: changed in the container: memory\n"));
  EXPECT_THAT(e.ran.out, HasSubstr("alice: needs a rebuild; its container was made with another "
                                   "mounts\n"));
  EXPECT_THAT(e.ran.out, Not(HasSubstr("saved")));
  Exchange down({"user", "set", "alice", "memory=16g"},
                {reply({{"user", alice()},
                        {"changed", json::array()},
                        {"note", "Docker cannot list the containers \x1b"}})});
  EXPECT_EQ(down.ran.status, 0);
  EXPECT_THAT(down.ran.out, HasSubstr("saved, but the container is as it was: Docker cannot list "
                                      "the containers ?\n"));
}

TEST(State, StartStopRestart) {
  for (const auto& [command, method] :
       {std::pair{"start", "Start"}, {"stop", "Stop"}, {"restart", "Restart"}}) {
    Exchange e({command, "alice"}, {reply({{"container", container("running")}})});
    EXPECT_EQ(e.method(), std::string("org.labgpu.") + method);
    EXPECT_EQ(e.parameters(), json({{"name", "alice"}}));
    EXPECT_THAT(e.ran.out, HasSubstr("alice_container"));
  }
}

TEST(Maintenance, IsShownBegunAndEnded) {
  auto on = reply({{"on", true}, {"message", "back at \x1b 18:00"}});
  auto off = reply({{"on", false}, {"message", ""}});
  Exchange show({"maintenance"}, {off});
  EXPECT_EQ(show.method(), "org.labgpu.GetMaintenance");
  EXPECT_EQ(show.ran.out, "maintenance is off\n");
  Exchange begin({"maintenance", "on", "back at 18:00"}, {reply(json::object()), on});
  EXPECT_EQ(begin.method(), "org.labgpu.StartMaintenance");
  EXPECT_EQ(begin.parameters(), json({{"message", "back at 18:00"}}));
  EXPECT_EQ(begin.ran.out, "maintenance is on: back at ? 18:00\n");
  Exchange wordless({"maintenance", "on"}, {reply(json::object()), on});
  EXPECT_EQ(wordless.parameters(), json({{"message", ""}}));
  Exchange end({"maintenance", "off"}, {reply(json::object()), off});
  EXPECT_EQ(end.method(), "org.labgpu.EndMaintenance");
  EXPECT_EQ(end.ran.out, "maintenance is off\n");
}

TEST(Maintenance, AnotherWordIsRefused) {
  for (const auto& words : {std::vector<std::string>{"maintenance", "maybe"},
                            {"maintenance", "on", "back", "at", "18:00"},
                            {"maintenance", "off", "now"}}) {
    Exchange e(words, {});
    EXPECT_EQ(e.ran.status, 2) << words.back();
    EXPECT_TRUE(e.helper.requests().empty());
  }
}

}  // namespace
}  // namespace labgpu
