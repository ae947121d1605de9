// labgpu.json: what is accepted, and that every mistake names its key.
#include "helper/config.h"

#include <gmock/gmock.h>

#include "tests/support/temporary_directory.h"

namespace labgpu {
namespace {

using testing::HasSubstr;

std::string refusal(const std::string& text) {
  auto config = parse_config(text);
  return config ? "accepted" : config.error().message;
}

TEST(Config, EverythingMaySpeak) {
  auto config = parse_config(R"({
    // a comment
    "defaults": {"image": "lab:1", "mounts": ["/data"]}, /* another */
    "ids": {"first": 30000, "last": 31000},
    "home": "/srv/home/{user}",
    "docker": {"socket": "/run/other.sock"},
    "logs": {"maxSize": "10m"},
    "loginWaitSeconds": 30
  })");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->defaults.image, "lab:1");
  EXPECT_EQ(config->defaults.mounts->size(), 1U);
  EXPECT_EQ(config->ids.first, 30000U);
  EXPECT_EQ(config->ids.last, 31000U);
  EXPECT_EQ(config->home, "/srv/home/{user}");
  EXPECT_EQ(config->docker_socket, "/run/other.sock");
  EXPECT_EQ(config->log_max_size, "10m");
  EXPECT_EQ(config->login_wait_seconds, 30U);
}

TEST(Config, NothingSaidIsTheDefaults) {
  test::TemporaryDirectory directory;
  for (const auto& config : {parse_config("{}"), load_config(directory / "absent.json")}) {
    ASSERT_TRUE(config);
    EXPECT_EQ(config->defaults, SettingsLayer{});
    EXPECT_EQ(config->ids.first, 20000U);
    EXPECT_EQ(config->home, "/home/{user}");
    EXPECT_EQ(config->login_wait_seconds, 12U);
  }
}

TEST(Config, TheBridgeHasGroupsOfTheHost) {
  auto config = parse_config(R"({"bridge": {"groups": ["gpuusers", "domain users@AD.example"]}})");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_THAT(config->bridge.groups, testing::ElementsAre("gpuusers", "domain users@AD.example"));
  EXPECT_EQ(config->bridge.first_uid, 1000U);
  EXPECT_EQ(parse_config(R"({"bridge": {"firstUid": 5000}})")->bridge.first_uid, 5000U);
  EXPECT_TRUE(parse_config("{}")->bridge.groups.empty());
  EXPECT_THAT(refusal(R"({"bridge": {"groups": ["a,b"]}})"), HasSubstr("bridge.groups"));
  EXPECT_THAT(refusal(R"({"bridge": {"groups": [""]}})"), HasSubstr("bridge.groups"));
  EXPECT_THAT(refusal(R"({"bridge": {"groups": "gpuusers"}})"), HasSubstr("bridge.groups"));
  EXPECT_THAT(refusal(R"({"bridge": {"groups": ["x", "x"]}})"), HasSubstr("twice"));
  for (const char* group : {"root", "labgpu", "labgpu-admin"}) {
    EXPECT_THAT(refusal(std::string(R"({"bridge": {"groups": [")") + group + "\"]}}"),
                HasSubstr(std::string("must not have ") + group));
  }
  std::string many;
  for (char c = 'a'; c <= 'q'; ++c)
    many += (many.empty() ? "\"" : ",\"") + std::string(1, c) + "\"";
  EXPECT_THAT(refusal(R"({"bridge": {"groups": [)" + many + "]}}"), HasSubstr("16 groups"));
  EXPECT_THAT(refusal(R"({"bridge": {"firstUid": 0}})"), HasSubstr("bridge.firstUid"));
  EXPECT_THAT(refusal(R"({"bridge": {"group": []}})"), HasSubstr("bridge.group is not"));
}

TEST(Config, MistakesNameTheKey) {
  EXPECT_THAT(refusal("[]"), HasSubstr("must be an object"));
  EXPECT_EQ(refusal(R"({"colour": 1})"), "colour is not a known field");
  EXPECT_EQ(refusal(R"({"defaults": {"colour": 1}})"), "defaults.colour is not a known field");
  EXPECT_THAT(refusal(R"({"defaults": []})"), HasSubstr("defaults must be an object"));
  EXPECT_THAT(refusal(R"({"defaults": {"gpus": 1}})"), HasSubstr("defaults.gpus must be a text"));
  EXPECT_THAT(refusal(R"({"ids": {"first": 20}})"), HasSubstr("ids.first"));
  EXPECT_THAT(refusal(R"({"ids": {"first": 3000, "last": 3000}})"), HasSubstr("ids.last"));
  EXPECT_THAT(refusal(R"({"ids": {"last": 70000}})"), HasSubstr("65534"));
  EXPECT_THAT(refusal(R"({"ids": {"last": 4294967295}})"), HasSubstr("ids.last"));
  EXPECT_THAT(refusal(R"({"home": "/home"})"), HasSubstr("home must be"));
  EXPECT_THAT(refusal(R"({"home": "home/{user}"})"), HasSubstr("home must be"));
  EXPECT_THAT(refusal(R"({"home": "/a:b/{user}"})"), HasSubstr("home must be"));
  EXPECT_THAT(refusal(R"({"home": "/)" + std::string(230, 'x') + R"(/{user}"})"),
              HasSubstr("home must be shorter"));
  EXPECT_THAT(refusal(R"({"docker": {"socket": "x"}})"), HasSubstr("docker.socket"));
  EXPECT_THAT(refusal(R"({"docker": {"host": "x"}})"), HasSubstr("docker.host"));
  EXPECT_THAT(refusal(R"({"logs": {"maxSize": "many"}})"), HasSubstr("logs.maxSize"));
  for (const char* wait : {"0", "1", "3601", "-5", "12.5", "\"12\"", "5000000000"}) {
    EXPECT_THAT(refusal(R"({"loginWaitSeconds": )" + std::string(wait) + "}"),
                HasSubstr("loginWaitSeconds"));
  }
}

TEST(Config, DefaultsMustSuitEveryAccount) {
  EXPECT_THAT(refusal(R"({"defaults": {"containerName": "everybody"}})"), HasSubstr("{user}"));
  EXPECT_THAT(refusal(R"({"defaults": {"hostname": "a-rather-long-name-before-it-{user}-VM"}})"),
              HasSubstr("full length"));
}

TEST(Config, AFilesMistakeNamesTheFile) {
  test::TemporaryDirectory directory;
  auto path = directory / "labgpu.json";
  test::write_file(path, "{,}");
  auto config = load_config(path);
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().message, HasSubstr(path));
  EXPECT_FALSE(load_config(directory.path()));  // a directory is no file, and not "absent" either
}

}  // namespace
}  // namespace labgpu
