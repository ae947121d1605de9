// The table of settings: every row's two forms, setting and clearing, and what it is called where.
#include "helper/settings.h"

#include <gmock/gmock.h>

#include <fstream>
#include <iterator>

#include "helper/settings_json.h"
#include "helper/settings_table.h"

namespace labgpu {
namespace {

using nlohmann::json;
using testing::HasSubstr;

// One value for each setting, none of them its standard: the command line's text, and JSON.
struct Sample {
  std::string key;
  std::string text;
  json value;
};

const std::vector<Sample>& samples() {
  static const std::vector<Sample> all = {
      {"image", "debian:12", "debian:12"},
      {"hostname", "{user}-gpu", "{user}-gpu"},
      {"container_name", "c-{user}", "c-{user}"},
      {"mounts",
       "/data,/s:/t:ro,/x:ro",
       {{{"source", "/data"}, {"target", "/data"}, {"readOnly", false}},
        {{"source", "/s"}, {"target", "/t"}, {"readOnly", true}},
        {{"source", "/x"}, {"target", "/x"}, {"readOnly", true}}}},
      {"ports", "53/udp,8888,8080:80,ssh", {"ssh", "53/udp", "8080:80", "8888"}},
      {"gpus", "0,1", "0,1"},
      {"memory", "16g", uint64_t{16} << 30},
      {"cpus", "2.5", 2.5},
      {"pids", "4096", 4096U},
      {"shm_size", "16g", uint64_t{16} << 30},
      {"ulimits",
       "memlock=unlimited,nofile=1024:65536",
       {"memlock=unlimited", "nofile=1024:65536"}},
      {"env", "A=1,B=x\\,y\\\\z", {{"A", "1"}, {"B", "x,y\\z"}}},
      {"cap_add", "IPC_LOCK,SYS_PTRACE", {"IPC_LOCK", "SYS_PTRACE"}},
      {"cap_drop", "MKNOD", {"MKNOD"}},
      {"userns", "host", "host"},
      {"restart", "on-failure", "on-failure"},
      {"login", "root", "root"},
      {"max_sessions", "3", 3U},
      {"idle_stop", "12h", "12h"},
      {"idle_warning", "90s", "90s"},
      {"snapshots", "2", 2U},
      {"builds", "no", false},
      {"build_context", "2g", uint64_t{2} << 30},
      {"build_time", "90m", "90m"},
      {"build_size", "10g", uint64_t{10} << 30}};
  return all;
}

std::string printed(const SettingsLayer& layer, const std::string& key) {
  for (const auto& setting : all_settings()) {
    if (setting.key == key) return setting.field.print(layer);
  }
  return "";
}

std::string name_of(const std::string& key) {
  for (const auto& setting : all_settings()) {
    if (setting.key == key) return std::string(setting.name);
  }
  return "";
}

TEST(Settings, EverySettingHasASample) { EXPECT_EQ(samples().size(), all_settings().size()); }

TEST(Settings, StandardsAreValid) {
  for (const auto& setting : all_settings()) {
    EXPECT_TRUE(setting.field.is_set(standard_settings())) << setting.key;
    EXPECT_EQ(setting.field.print(standard_settings()), setting.standard) << setting.key;
  }
}

TEST(Settings, EveryKeySetsAndClears) {
  for (const auto& [key, text, value] : samples()) {
    SettingsLayer layer;
    auto set = set_setting(layer, key, text);
    ASSERT_TRUE(set) << set.error().message;
    EXPECT_NE(layer, SettingsLayer{});
    EXPECT_EQ(to_json(layer), (json{{name_of(key), value}}));
    // What is printed may be set again.
    SettingsLayer again;
    ASSERT_TRUE(set_setting(again, key, printed(layer, key))) << printed(layer, key);
    EXPECT_EQ(again, layer) << key;
    ASSERT_TRUE(set_setting(layer, key, ""));
    EXPECT_EQ(layer, SettingsLayer{}) << key;
  }
}

TEST(Settings, JsonIsReadAsItIsWritten) {
  json document = json::object();
  for (const auto& sample : samples()) document[name_of(sample.key)] = sample.value;
  JsonFields fields(document, "");
  auto layer = take_settings(fields);
  auto done = fields.finish_strict();
  ASSERT_TRUE(done) << done.error().message;
  for (const auto& [key, text, value] : samples()) {
    SettingsLayer alone;
    ASSERT_TRUE(set_setting(alone, key, text));
    for (const auto& setting : all_settings()) {
      EXPECT_TRUE(setting.key != key || setting.field.same(layer, alone)) << key;
    }
  }
  auto written = to_json(layer);
  JsonFields back(written, "");
  EXPECT_EQ(take_settings(back), layer);
  EXPECT_TRUE(back.finish_strict());
}

TEST(Settings, JsonMayBeAsPeopleWriteIt) {
  json document = json::parse(R"({
    "mounts": ["/data", "/s:/t:ro", {"source": "/x", "readOnly": true}],
    "ports": [8888, "ssh"], "memory": "16g", "cpus": "4", "pids": "none", "shmSize": "1g",
    "maxSessions": "none"
  })");
  JsonFields fields(document, "");
  auto layer = take_settings(fields);
  auto done = fields.finish_strict();
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(layer.mounts, (std::vector<Mount>{
                              {"/data", "/data", false}, {"/s", "/t", true}, {"/x", "/x", true}}));
  EXPECT_EQ(layer.ports, (std::vector<Port>{{22, 0, false}, {8888, 0, false}}));
  EXPECT_EQ(layer.memory_bytes, uint64_t{16} << 30);
  EXPECT_EQ(layer.milli_cpus, 4000U);
  EXPECT_EQ(layer.max_processes, 0U);
  EXPECT_EQ(layer.shm_bytes, uint64_t{1} << 30);
  EXPECT_EQ(layer.max_sessions, 0U);
}

TEST(Settings, BadTextsLeaveTheLayerAlone) {
  const std::vector<std::pair<std::string, std::string>> values = {
      {"image", "bad image"},
      {"image", "-x"},
      {"image", std::string(256, 'a')},
      {"mounts", "data"},
      {"mounts", "/a:/b:rw"},
      {"mounts", "/a:/b:ro:x"},
      {"mounts", "/a/../b"},
      {"mounts", "/a,"},
      {"mounts", "/a:/x,/b:/x"},
      {"ports", "0"},
      {"ports", "65536"},
      {"ports", "http"},
      {"ports", "ssh:22"},
      {"ports", "80/sctp"},
      {"ports", "80,8080:80"},
      {"gpus", "count:0"},
      {"gpus", "0,x"},
      {"memory", "12x"},
      {"memory", "5m"},
      {"memory", "0"},
      {"cpus", "0"},
      {"cpus", "0.001"},
      {"cpus", "-1"},
      {"cpus", "1.2345"},
      {"cpus", "4.x"},
      {"cpus", "."},
      {"pids", "0"},
      {"pids", "10"},
      {"pids", "4194305"},
      {"pids", "many"},
      {"shm_size", "8"},
      {"shm_size", "8x"},
      {"shm_size", "-8g"},
      {"shm_size", "99999999999999999999g"},
      {"shm_size", "18446744073709551615k"},
      {"shm_size", "g"},
      {"ulimits", "nofile"},
      {"ulimits", "nofile="},
      {"ulimits", "files=1"},
      {"ulimits", "nofile=2:1"},
      {"ulimits", "nofile=unlimited:1"},
      {"ulimits", "nofile=1,nofile=2"},
      {"env", "A"},
      {"env", "A=1,B"},
      {"env", "1A=1"},
      {"env", "A B=1"},
      {"env", "A=1,A=2"},
      {"env", "A=x\ny"},
      {"env", "HOME=/root"},
      {"env", "NVIDIA_VISIBLE_DEVICES=all"},
      {"cap_add", "ROOT"},
      {"cap_add", "SYS_PTRACE,CAP_SYS_PTRACE"},
      {"userns", "private"},
      {"restart", "never"},
      {"login", "alice"},
      {"max_sessions", "0"},
      {"max_sessions", "1001"},
      {"max_sessions", "-1"},
      {"max_sessions", "many"},
      {"idle_stop", "9s"},
      {"idle_stop", "0d"},
      {"idle_stop", "366d"},
      {"idle_stop", "12"},
      {"idle_stop", "h"},
      {"idle_stop", "none"},
      {"idle_stop", "4294967295d"},
      {"idle_warning", "0s"},
      {"idle_warning", "never"},
      {"snapshots", "0"},
      {"snapshots", "1001"},
      {"builds", "maybe"},
      {"build_context", "5g"},
      {"build_context", "none"},
      {"build_time", "9"},
      {"build_time", "25h"},
      {"build_time", "2d"},
      {"build_time", "90"},
      {"build_time", "m"},
      {"build_size", "1k"}};
  for (const auto& [key, value] : values) {
    SettingsLayer layer;
    auto set = set_setting(layer, key, value);
    ASSERT_FALSE(set) << key << "=" << value;
    EXPECT_EQ(set.error().code, ErrorCode::kInvalid);
    EXPECT_THAT(set.error().message, testing::StartsWith(key + " "));
    EXPECT_EQ(layer, SettingsLayer{});
  }
}

TEST(Settings, ARefusalSaysWhatIsAllowed) {
  auto refusal = [](const char* key, const char* value) {
    SettingsLayer layer;
    auto set = set_setting(layer, key, value);
    return set ? "accepted" : set.error().message;
  };
  EXPECT_EQ(refusal("memory", "12x"),
            "memory \"12x\" must be a size such as 8g or 512m, or none for no limit");
  EXPECT_EQ(refusal("memory", "5m"), "memory is below 6m, Docker's least");
  EXPECT_THAT(refusal("gpus", "two"), HasSubstr("auto, all, none, count:N"));
  EXPECT_THAT(refusal("restart", "never"),
              HasSubstr("must be one of: no, on-failure, always, unless-stopped"));
  EXPECT_THAT(refusal("ulimits", "files=1"), HasSubstr("nofile"));
  EXPECT_THAT(refusal("env", "no_proxy=a,b"), HasSubstr("a comma in a value is written \\,"));
}

TEST(Settings, AnUnknownKeyIsAnsweredWithTheKnownOnes) {
  SettingsLayer layer;
  auto set = set_setting(layer, "colour", "red");
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().code, ErrorCode::kNotFound);
  for (const auto& setting : all_settings()) {
    EXPECT_THAT(set.error().message, HasSubstr(std::string(setting.key)));
  }
}

TEST(Settings, NoMountsIsNotTheSameAsTheServersMounts) {
  SettingsLayer layer;
  ASSERT_TRUE(set_setting(layer, "mounts", "none"));
  ASSERT_TRUE(layer.mounts);
  EXPECT_TRUE(layer.mounts->empty());
}

TEST(Settings, OrderMakesNoDifference) {
  SettingsLayer one;
  SettingsLayer other;
  ASSERT_TRUE(set_setting(one, "mounts", "/b,/a"));
  ASSERT_TRUE(set_setting(other, "mounts", "/a,/b"));
  EXPECT_EQ(one, other);
}

TEST(SettingsJson, NothingSetIsAnEmptyObject) {
  EXPECT_EQ(to_json(SettingsLayer{}), json::object());
}

TEST(SettingsJson, MistakesNameTheKey) {
  const std::vector<std::pair<const char*, json>> bad = {
      {"image", 5},
      {"image", "a b"},
      {"image", std::string("a\0b", 3)},
      {"hostname", ""},
      {"containerName", json::object()},
      {"mounts", "/data"},
      {"mounts", {5}},
      {"mounts", {{{"source", "/a"}, {"wrong", 1}}}},
      {"ports", 8888},
      {"ports", {true}},
      {"ports", {-1}},
      {"gpus", true},
      {"gpus", 2},
      {"memory", "12x"},
      {"memory", 1024},
      {"memory", 1.5},
      {"cpus", true},
      {"cpus", -2},
      {"cpus", 1e300},
      {"pids", 5},
      {"pids", 4.5},
      {"shmSize", -1},
      {"shmSize", 5},
      {"shmSize", true},
      {"ulimits", {{"nofile", 1}}},
      {"ulimits", {5}},
      {"env", {"A=1"}},
      {"env", {{"A", 1}}},
      {"env", {{"A-B", "1"}}},
      {"capAdd", "SYS_PTRACE"},
      {"capDrop", {1}},
      {"userns", 1},
      {"restart", "x"},
      {"login", "x"},
      {"maxSessions", "x"},
      {"maxSessions", 1001},
      {"maxSessions", -1},
      {"maxSessions", true},
      {"idleStop", 12},
      {"idleStop", "soon"},
      {"idleWarning", "-1m"},
      {"buildTime", 5400}};
  for (const auto& [key, value] : bad) {
    json document = {{key, value}};
    JsonFields fields(document, "defaults");
    take_settings(fields);
    auto done = fields.finish_strict();
    ASSERT_FALSE(done) << document;
    EXPECT_THAT(done.error().message, testing::StartsWith(std::string("defaults.") + key));
  }
}

// Whoever adds a row is told where people look for it.
TEST(Settings, AreExplainedWherePeopleLook) {
  auto read = [](const std::string& path) {
    std::ifstream file(LABGPU_SOURCE_DIRECTORY + path);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  auto has = [](const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  };
  auto manual = read("/docs/man/labgpu.json.5");
  auto command = read("/docs/man/labgpu.8");
  auto interface = read("/helper/org.labgpu.varlink");
  auto completion = read("/cli/completions/labgpu.bash");
  auto example = read("/debian/labgpu.json");
  for (const auto& setting : all_settings()) {
    std::string key(setting.key);
    std::string name(setting.name);
    auto named = ".It Cm \\(dq" + name + "\\(dq" + (key == name ? "" : " , " + key) + "\n";
    EXPECT_TRUE(has(manual, named)) << named;
    EXPECT_TRUE(has(command, " " + key + " ") || has(command, " " + key + ",") ||
                has(command, " " + key + "\n"))
        << key;
    EXPECT_TRUE(has(interface, "  " + name + ": ?")) << name;
    EXPECT_TRUE(has(interface, key)) << key;
    EXPECT_TRUE(has(completion, " " + key + "=")) << key;
    EXPECT_TRUE(has(example, "\"" + name + "\": ")) << name;
  }
}

}  // namespace
}  // namespace labgpu
