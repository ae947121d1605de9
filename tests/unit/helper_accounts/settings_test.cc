// Settings: layers, templates, the command line's form, the JSON forms.
#include "helper/settings.h"

#include <gmock/gmock.h>

#include "helper/settings_json.h"
#include "helper/settings_values.h"

namespace labgpu {
namespace {

using nlohmann::json;
using testing::HasSubstr;

Settings resolved(const SettingsLayer& server, const SettingsLayer& account, const char* user) {
  auto settings = resolve_settings(server, account, user);
  EXPECT_TRUE(settings) << settings.error().message;
  return settings.value_or(Settings{});
}

std::string refusal(const SettingsLayer& layer, const char* user) {
  auto settings = resolve_settings(layer, {}, user);
  return settings ? "accepted" : settings.error().message;
}

TEST(Settings, OwnDefaults) {
  EXPECT_EQ(resolved({}, {}, "alice"), (Settings{"labgpu/default:latest",
                                                 "alice-VM",
                                                 "alice_container",
                                                 {},
                                                 Gpus::kAuto,
                                                 uint64_t{8} << 30,
                                                 RestartPolicy::kUnlessStopped,
                                                 LoginAs::kUser,
                                                 0}));
}

TEST(Settings, TheAccountGoesOverTheServer) {
  SettingsLayer server;
  server.image = "server:1";
  server.gpus = Gpus::kNone;
  server.mounts = std::vector<Mount>{{"/data", "/data", false}};
  SettingsLayer account;
  account.image = "own:1";
  account.mounts = std::vector<Mount>{};
  auto settings = resolved(server, account, "alice");
  EXPECT_EQ(settings.image, "own:1");
  EXPECT_EQ(settings.gpus, Gpus::kNone);
  EXPECT_TRUE(settings.mounts.empty());
}

TEST(Settings, TemplatesAreFilledIn) {
  SettingsLayer layer;
  layer.hostname = "{user}.lab";
  layer.container_name = "lab-{user}.{user}";
  layer.mounts = std::vector<Mount>{{"/data/{user}", "/data", true}};
  auto settings = resolved(layer, {}, "bob");
  EXPECT_EQ(settings.hostname, "bob.lab");
  EXPECT_EQ(settings.container_name, "lab-bob.bob");
  EXPECT_EQ(settings.mounts, (std::vector<Mount>{{"/data/bob", "/data", true}}));
}

TEST(Settings, HostNamesAreMadeValid) {
  EXPECT_EQ(resolved({}, {}, "a_b").hostname, "a-b-VM");
  SettingsLayer plain;
  plain.hostname = "{user}";
  EXPECT_EQ(resolved(plain, {}, "a_").hostname, "a");
  plain.hostname = "_{user}_";
  EXPECT_EQ(resolved(plain, {}, "a").hostname, "a");
}

TEST(Settings, BadHostNamesAreRefused) {
  for (const char* bad : {"{user}..x", "{user} x", "{user}/x", "x.-{user}-.y", "--", "\xc3\xa4"}) {
    SettingsLayer layer;
    layer.hostname = bad;
    EXPECT_THAT(refusal(layer, "alice"), HasSubstr("host name")) << bad;
  }
  SettingsLayer layer;
  layer.hostname = std::string(59, 'x') + "{user}";
  EXPECT_EQ(refusal(layer, "four"), "accepted");
  EXPECT_THAT(refusal(layer, "fiver"), HasSubstr("at most 63"));
}

TEST(Settings, BadContainerNamesAreRefused) {
  for (const char* bad : {"x", "-{user}", "{user}/x", "{user} x", "_{user}", "{name}", "{user"}) {
    SettingsLayer layer;
    layer.container_name = bad;
    EXPECT_THAT(refusal(layer, "alice"), HasSubstr("container name")) << bad;
  }
}

TEST(Settings, MountsThatHideLabgpusOwnAreRefused) {
  for (const char* bad : {"/", "/tmp", "/.labgpu", "/.labgpu/bin", "/{other}"}) {
    SettingsLayer layer;
    layer.mounts = std::vector<Mount>{{"/data", bad, false}};
    EXPECT_NE(refusal(layer, "alice"), "accepted") << bad;
  }
  SettingsLayer twice;
  twice.mounts = std::vector<Mount>{{"/a", "/x", false}, {"/b", "/x", false}};
  EXPECT_EQ(refusal(twice, "alice"), "two mounts have the target /x");
}

TEST(SetSetting, EveryKeySetsAndClears) {
  const std::vector<std::pair<std::string, std::string>> values = {{"image", "debian:12"},
                                                                   {"hostname", "{user}-gpu"},
                                                                   {"container_name", "c-{user}"},
                                                                   {"mounts", "/data,/s:/t:ro"},
                                                                   {"gpus", "all"},
                                                                   {"shm_size", "16g"},
                                                                   {"restart", "on-failure"},
                                                                   {"login", "root"},
                                                                   {"max_sessions", "3"}};
  SettingsLayer layer;
  for (const auto& [key, value] : values) EXPECT_TRUE(set_setting(layer, key, value)) << key;
  SettingsLayer expected{"debian:12",
                         "{user}-gpu",
                         "c-{user}",
                         std::vector<Mount>{{"/data", "/data", false}, {"/s", "/t", true}},
                         Gpus::kAll,
                         uint64_t{16} << 30,
                         RestartPolicy::kOnFailure,
                         LoginAs::kRoot,
                         3};
  EXPECT_EQ(layer, expected);
  for (const auto& [key, value] : values) EXPECT_TRUE(set_setting(layer, key, "")) << key;
  EXPECT_EQ(layer, SettingsLayer{});
}

TEST(SetSetting, BadValuesLeaveTheLayerAlone) {
  const std::vector<std::pair<std::string, std::string>> values = {
      {"image", "bad image"},
      {"image", "-x"},
      {"image", std::string(256, 'a')},
      {"hostname", "a b"},
      {"hostname", "{x}"},
      {"container_name", "/"},
      {"mounts", "data"},
      {"mounts", "/a:/b:rw"},
      {"mounts", "/a:/b:ro:x"},
      {"mounts", "/a/../b"},
      {"mounts", "/a,"},
      {"gpus", "2"},
      {"shm_size", "8"},
      {"shm_size", "8t"},
      {"shm_size", "-8g"},
      {"shm_size", "99999999999999999999g"},
      {"shm_size", "18446744073709551615k"},
      {"shm_size", "g"},
      {"restart", "never"},
      {"login", "alice"},
      {"max_sessions", "0"},
      {"max_sessions", "1001"},
      {"max_sessions", "-1"},
      {"max_sessions", "many"}};
  for (const auto& [key, value] : values) {
    SettingsLayer layer;
    auto set = set_setting(layer, key, value);
    ASSERT_FALSE(set) << key << "=" << value;
    EXPECT_EQ(set.error().code, ErrorCode::kInvalid);
    EXPECT_THAT(set.error().message, testing::StartsWith(key));
    EXPECT_EQ(layer, SettingsLayer{});
  }
}

TEST(SetSetting, AnUnknownKeyIsAnsweredWithTheKnownOnes) {
  SettingsLayer layer;
  auto set = set_setting(layer, "colour", "red");
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(set.error().message, HasSubstr("shm_size"));
}

TEST(SetSetting, NoMountsIsNotTheSameAsTheServersMounts) {
  SettingsLayer layer;
  ASSERT_TRUE(set_setting(layer, "mounts", "none"));
  ASSERT_TRUE(layer.mounts);
  EXPECT_TRUE(layer.mounts->empty());
}

TEST(ParseSize, Units) {
  EXPECT_EQ(parse_size("1048576"), 1U << 20);
  EXPECT_EQ(parse_size("1024k"), 1U << 20);
  EXPECT_EQ(parse_size("64M"), 64U << 20);
  EXPECT_EQ(parse_size("8G"), uint64_t{8} << 30);
}

TEST(SettingsJson, EveryFormIsRead) {
  json document = {{"image", "a:b"},
                   {"hostname", "h-{user}"},
                   {"containerName", "c-{user}"},
                   {"mounts", {"/data", "/s:/t:ro", {{"source", "/x"}, {"readOnly", true}}}},
                   {"gpus", "none"},
                   {"shmSize", "1g"},
                   {"restart", "no"},
                   {"login", "root"},
                   {"maxSessions", "none"}};
  JsonFields fields(document, "");
  auto layer = take_settings(fields);
  EXPECT_TRUE(fields.finish_strict());
  EXPECT_EQ(*layer.mounts, (std::vector<Mount>{
                               {"/data", "/data", false}, {"/s", "/t", true}, {"/x", "/x", true}}));
  EXPECT_EQ(layer.shm_bytes, uint64_t{1} << 30);
  EXPECT_EQ(layer.max_sessions, 0U);

  auto written = to_json(layer);
  JsonFields again(written, "");
  EXPECT_EQ(take_settings(again), layer);
  EXPECT_TRUE(again.finish_strict());
}

TEST(Settings, TheAccountsLimitOfLoginsGoesOverTheServers) {
  SettingsLayer server;
  SettingsLayer account;
  EXPECT_EQ(max_sessions_of(server, account), 0U);
  server.max_sessions = 5;
  EXPECT_EQ(max_sessions_of(server, account), 5U);
  account.max_sessions = 2;
  EXPECT_EQ(resolved(server, account, "alice").max_sessions, 2U);
  ASSERT_TRUE(set_setting(account, "max_sessions", "none"));
  EXPECT_EQ(max_sessions_of(server, account), 0U);
}

TEST(SettingsJson, NothingSetIsAnEmptyObject) {
  EXPECT_EQ(to_json(SettingsLayer{}), json::object());
}

TEST(SettingsJson, MistakesNameTheKey) {
  const std::vector<std::pair<const char*, json>> bad = {
      {"image", 5},
      {"image", "a b"},
      {"hostname", ""},
      {"containerName", {}},
      {"mounts", "/data"},
      {"mounts", {5}},
      {"mounts", {{{"source", "/a"}, {"wrong", 1}}}},
      {"gpus", true},
      {"shmSize", -1},
      {"shmSize", 5},
      {"shmSize", true},
      {"restart", "x"},
      {"login", "x"},
      {"maxSessions", "x"},
      {"maxSessions", 1001},
      {"maxSessions", -1},
      {"maxSessions", true}};
  for (const auto& [key, value] : bad) {
    json document = {{key, value}};
    if (value.is_null()) document[key] = json::object();
    JsonFields fields(document, "defaults");
    take_settings(fields);
    auto done = fields.finish_strict();
    ASSERT_FALSE(done) << document;
    EXPECT_THAT(done.error().message, testing::StartsWith(std::string("defaults.") + key));
  }
}

}  // namespace
}  // namespace labgpu
