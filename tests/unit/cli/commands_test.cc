// What every command does with a reply: printed as it is for programs, and no crash when it lacks
// something.
#include <gmock/gmock.h>

#include "tests/unit/cli/command_replies.h"
#include "tests/unit/cli/exchange.h"

namespace labgpu {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class JsonOutput : public testing::TestWithParam<std::pair<std::vector<std::string>, json>> {};

TEST_P(JsonOutput, IsTheReplysParameters) {
  auto [arguments, parameters] = GetParam();
  arguments.emplace_back("--json");
  Exchange e(arguments, {reply(parameters)});
  EXPECT_EQ(e.ran.status, 0) << e.ran.err;
  EXPECT_EQ(json::parse(e.ran.out), parameters);
}

INSTANTIATE_TEST_SUITE_P(
    All, JsonOutput,
    testing::Values(
        std::pair{std::vector<std::string>{"user", "add", "alice"}, json{{"user", alice()}}},
        std::pair{std::vector<std::string>{"user", "list"}, json{{"users", {alice()}}}},
        std::pair{std::vector<std::string>{"user", "show", "alice"}, json{{"user", alice()}}},
        std::pair{std::vector<std::string>{"user", "set", "alice", "a=b"}, json{{"user", alice()}}},
        std::pair{std::vector<std::string>{"passwd", "alice", "--generate"}, generated()},
        std::pair{std::vector<std::string>{"passwd", "alice", "--lock"}, alices_password(false)},
        std::pair{std::vector<std::string>{"user", "remove", "alice", "--yes"},
                  json{{"home", "/h"}}},
        std::pair{std::vector<std::string>{"key", "list", "alice"}, json{{"keys", json::array()}}},
        std::pair{std::vector<std::string>{"key", "remove", "alice", "x"}, json::object()},
        std::pair{std::vector<std::string>{"maintenance"}, json{{"on", false}, {"message", ""}}},
        std::pair{std::vector<std::string>{"log"}, json{{"entries", json::array()}}},
        std::pair{std::vector<std::string>{"status"}, json{{"containers", json::array()}}},
        std::pair{std::vector<std::string>{"stop", "alice"},
                  json{{"container", container("stopped")}}}));

TEST(Reply, ALackingFieldIsNotACrash) {
  Exchange e({"user", "show", "alice"}, {reply(json::object())});
  EXPECT_EQ(e.ran.status, 69);
  EXPECT_THAT(e.ran.err, HasSubstr("different versions"));
}

}  // namespace
}  // namespace labgpu
