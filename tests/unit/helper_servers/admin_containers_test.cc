// Containers and the logins in them: told of, started, stopped, ended.
#include <gmock/gmock.h>

#include "tests/unit/helper_servers/admin_fixture.h"

namespace labgpu::test {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(AdminMethodsTest, AQuestionForTheLogThatMakesNoSenseIsRefused) {
  EXPECT_THAT(refusal("ReadLog", {{"name", "a b"}}), HasSubstr("is no user name"));
  EXPECT_THAT(refusal("ReadLog", {{"since", "soon"}}), HasSubstr("since must be a date"));
  EXPECT_THAT(refusal("ReadLog", {{"after", "x"}}), HasSubstr("no cursor"));
  EXPECT_THAT(refusal("ReadLog", {{"lines", "x"}}), HasSubstr("InvalidParameter"));
}

TEST_F(AdminMethodsTest, AStatusSaysWhetherInitAnswers) {
  call("AddUser", {{"name", "alice"}});
  EXPECT_FALSE(call("Status", {{"name", "alice"}})["containers"][0].contains("answers"));
  containers_.running_now["alice"] = own_process_as_container(accounts_.directory.path());
  auto told = call("Status", {{"name", "alice"}})["containers"][0];
  EXPECT_EQ(told["answers"], false);
  EXPECT_FALSE(told.contains("idleStopUSec"));
}

TEST_F(AdminMethodsTest, StatusTellsOfOneOrAll) {
  call("AddUser", {{"name", "alice"}});
  call("AddUser", {{"name", "bob"}});
  containers_.absent = {"bob"};
  containers_.having = {"alice"};
  auto all = call("Status", json::object())["containers"];
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0]["state"], "stopped");
  EXPECT_EQ(all[0]["sessions"], 2);
  EXPECT_EQ(all[1]["state"], "absent");
  EXPECT_EQ(all[1]["name"], "");
  EXPECT_EQ(call("Status", {{"name", "alice"}})["containers"], json::array({all[0]}));
  containers_.outcome = fail(ErrorCode::kSystem, "broken");
  auto broken = call("Status", json::object())["containers"];
  EXPECT_EQ(broken[0]["state"], "unknown");
  EXPECT_EQ(broken[1]["state"], "absent") << "who has no container is no question to Docker";
  containers_.listed = fail(ErrorCode::kUnavailable, "Docker is down");
  EXPECT_EQ(call("Status", json::object())["containers"][1]["state"], "unknown");
  EXPECT_EQ(refusal("Status", {{"name", "alice"}}), "Failed: broken");
  EXPECT_THAT(refusal("Status", {{"name", "carol"}}), HasSubstr("NoSuchUser"));
}

TEST_F(AdminMethodsTest, ContainersAreStartedStoppedAndRestarted) {
  call("AddUser", {{"name", "alice"}});
  containers_.running_now["alice"] = own_process_as_container("/");
  EXPECT_EQ(call("Start", {{"name", "alice"}})["container"]["state"], "running");
  call("Restart", {{"name", "alice"}});
  containers_.running_now.clear();
  EXPECT_EQ(call("Stop", {{"name", "alice"}})["container"]["state"], "stopped");
  EXPECT_THAT(containers_.asked, ElementsAre("start alice", "restart alice", "stop alice"));
  containers_.outcome = fail(ErrorCode::kNotFound, "no such image");
  EXPECT_EQ(refusal("Stop", {{"name", "alice"}}), "Unavailable: no such image");
  EXPECT_EQ(refusal("Restart", {{"name", "alice"}}), "Unavailable: no such image");
  EXPECT_THAT(refusal("Start", {{"name", "bob"}}), HasSubstr("NoSuchUser"));
}

TEST_F(AdminMethodsTest, LoginsAreToldAndEnded) {
  call("AddUser", {{"name", "alice"}});
  call("AddUser", {{"name", "bob"}});
  logins_.open.clear();
  logins_.open.push_back({7, "alice", "192.0.2.1", 1'700'000'000'000'000, 0});
  logins_.open.push_back({8, "bob", "192.0.2.2", 1'700'000'000'000'001, 0});
  logins_.open.push_back({9, "alice", "192.0.2.1", 1'700'000'000'000'002, 0});
  EXPECT_EQ(call("ListLogins", json::object())["logins"].size(), 3U);
  EXPECT_EQ(call("ListLogins", {{"name", "bob"}})["logins"],
            json({{{"number", 8},
                   {"own", false},
                   {"user", "bob"},
                   {"from", "192.0.2.2"},
                   {"sinceUSec", 1'700'000'000'000'001},
                   {"commands", json::array()}}}));
  EXPECT_EQ(call("EndLogins", {{"name", "alice"}, {"number", 9U}}), json({{"ended", 1}}));
  EXPECT_EQ(call("EndLogins", {{"name", "alice"}}), json({{"ended", 2}}));
  EXPECT_THAT(logins_.ended, ElementsAre(9, 7, 9));
}

TEST_F(AdminMethodsTest, ALoginOfSomebodyElseIsNotEnded) {
  call("AddUser", {{"name", "alice"}});
  call("AddUser", {{"name", "bob"}});
  logins_.open = {{8, "bob", "", 0, 0}};
  EXPECT_THAT(refusal("EndLogins", {{"name", "alice"}, {"number", 8U}}),
              HasSubstr("alice has no login 8: labgpu sessions shows"));
  EXPECT_EQ(call("EndLogins", {{"name", "alice"}}), json({{"ended", 0}}));
  EXPECT_THAT(logins_.ended, ElementsAre());
  logins_.outcome = fail(ErrorCode::kSystem, "no");
  EXPECT_THAT(refusal("EndLogins", {{"name", "bob"}}), "Failed: no");
}

}  // namespace
}  // namespace labgpu::test
