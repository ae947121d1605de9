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
    "loginWaitSeconds": 30,
    "profiles": {"phd": {"memory": "64g", "gpus": "0,1"}, "guest": {}},
    "gpuAccess": "cdi",
    "ports": {"first": 30000, "last": 30010, "address": "192.0.2.1"},
    "allowCapabilities": ["CAP_NET_ADMIN"]
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
  EXPECT_EQ(config->profiles.size(), 2U);
  EXPECT_EQ(config->profiles["phd"].memory_bytes, uint64_t{64} << 30);
  EXPECT_EQ(config->gpu_access, GpuAccess::kCdi);
  EXPECT_EQ(config->ports.first, 30000);
  EXPECT_EQ(config->ports.last, 30010);
  EXPECT_EQ(config->ports.address, "192.0.2.1");
  EXPECT_EQ(config->allowed_capabilities, std::vector<std::string>{"NET_ADMIN"});
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
  EXPECT_THAT(refusal(R"({"colour": 1})"),
              HasSubstr("line 1: colour is not a known field; there "));
  EXPECT_THAT(refusal("{\"defaults\": {\n\"colour\": 1}}"),
              HasSubstr("line 2: defaults.colour is not a known field; there are: buildContext, "));
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

TEST(Config, MistakesAboutSettingsNameLineAndKeyAndWhatIsAllowed) {
  EXPECT_EQ(
      refusal("{\n\"defaults\": {\n  \"image\": \"a\",\n  \"memory\": \"12x\"\n}}"),
      "line 4: defaults.memory \"12x\" must be a size such as 8g or 512m, or none for no limit");
  EXPECT_THAT(refusal("{\"defaults\": {\"memory\":\n 1024}}"),
              HasSubstr("line 1: defaults.memory is below 6m"));
  EXPECT_THAT(refusal("{\"profiles\":\n {\"phd\":\n {\"mounts\": [\"/etc\"]}}}"),
              HasSubstr("line 3: profiles.phd.mounts cannot have /etc: it is the server's own"));
  EXPECT_THAT(refusal("{\"profiles\": {\"phd\":\n 5}}"),
              HasSubstr("line 1: profiles.phd must be an object"));
  EXPECT_THAT(refusal("{\"profiles\": {\n\"P h d\": {}}}"), HasSubstr("line 2: profiles.P h d"));
  EXPECT_THAT(refusal("{\"profiles\": [1]}"), HasSubstr("profiles must be an object"));
  EXPECT_THAT(refusal("{\"profiles\": {\"a\": {\"containerName\": \"all\"}}}"),
              HasSubstr("profiles.a.containerName must have {user}"));
  EXPECT_THAT(refusal("{\"defaults\": {\"capAdd\": [\"SYS_ADMIN\"]}}"),
              HasSubstr("defaults.capAdd cannot have SYS_ADMIN"));
  EXPECT_THAT(
      refusal(R"({"docker": {"socket": "/data/d.sock"}, "defaults": {"mounts": ["/data"]}})"),
      HasSubstr("/data/d.sock is in it"));
  EXPECT_THAT(refusal(R"({"allowCapabilities": ["NONE"]})"), HasSubstr("allowCapabilities"));
  EXPECT_THAT(refusal(R"({"gpuAccess": "docker"})"),
              HasSubstr("gpuAccess must be one of: auto, cdi, device-request, runtime, none"));
  EXPECT_THAT(refusal(R"({"ports": {"first": 22}})"),
              HasSubstr("ports.first must be 1024 to 65535"));
  EXPECT_THAT(refusal(R"({"ports": {"first": 9000, "last": 8000}})"), HasSubstr("ports.last"));
  EXPECT_THAT(refusal(R"({"ports": {"address": "gpu01"}})"), HasSubstr("ports.address"));
  EXPECT_THAT(refusal("{\"defaults\": {},\n\"defaults\": {}}"),
              HasSubstr("line 2: defaults is there already, in line 1"));
}

TEST(Config, ADefaultThatAProfileMakesWrongIsTheProfilesMistake) {
  EXPECT_EQ(refusal(R"({"profiles": {"a": {"memory": "1g"}, "b": {"cpus": 2}}})"), "accepted");
  EXPECT_THAT(refusal(R"({"defaults": {"mounts": ["/a:/x"]},
                          "profiles": {"a": {"mounts": ["/b:/home/abcdefghijklmnopqrstuvwxyz_00032"]}}})"),
              HasSubstr("line 2: profiles.a.mounts cannot have anything at"));
}

TEST(Config, MoreCpusThanTheServerHasAreFoundOut) {
  auto config = parse_config(R"({"defaults": {"cpus": 2}, "profiles": {"big": {"cpus": 64}}})");
  ASSERT_TRUE(config);
  EXPECT_TRUE(check_against_host(*config, 64));
  auto checked = check_against_host(*config, 8);
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().message, HasSubstr("profiles.big: cpus 64 is more than this server"));
  EXPECT_THAT(check_against_host(*config, 1).error().message, HasSubstr("defaults: cpus 2"));
}

TEST(Config, DefaultsMustSuitEveryAccount) {
  EXPECT_THAT(refusal(R"({"defaults": {"containerName": "everybody"}})"), HasSubstr("{user}"));
  EXPECT_THAT(refusal(R"({"defaults": {"hostname": "a-rather-long-name-before-it-{user}-VM"}})"),
              HasSubstr("defaults.hostname"));
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
