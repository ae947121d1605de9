// What of an account's settings a container has not: by value, whichever version made it.
#include "helper/container_changes.h"

#include <gmock/gmock.h>

#include "helper/account_settings.h"
#include "helper/container_spec.h"
#include "helper/settings_table.h"

namespace labgpu {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr uint32_t kCpus = 8;

class ContainerChangesTest : public testing::Test {
 protected:
  ContainerChangesTest() {
    account_.name = "alice";
    account_.home = "/home/alice";
    make();
  }
  void set(const std::string& key, const std::string& value) {
    auto done = set_setting(account_.settings, key, value);
    EXPECT_TRUE(done) << done.error().message;
  }
  [[nodiscard]] Settings settings() const { return settings_of({}, account_).value(); }
  // As if the container had been made now.
  void make(GpuAccess access = GpuAccess::kNone) {
    container_ = {};
    const auto labels = settings_labels(settings(), access);
    for (const auto& [name, value] : labels.items()) {
      container_.labels[name] = value;
    }
    container_.limits = {settings().memory_bytes, settings().milli_cpus * 1000000ULL,
                         settings().max_processes, "unless-stopped"};
  }
  [[nodiscard]] ContainerChanges changes(std::optional<GpuAccess> access = GpuAccess::kNone) const {
    return changes_of(container_, settings(), access, kCpus);
  }

  Account account_;
  ContainerDetails container_;
};

TEST_F(ContainerChangesTest, WhatWasMadeSoHasNone) {
  EXPECT_TRUE(changes().none());
  for (auto [key, value] :
       std::vector<std::pair<const char*, const char*>>{{"image", "a:1"},
                                                        {"mounts", "/b,/a:/x:ro"},
                                                        {"env", "A=1"},
                                                        {"cpus", "1.5"},
                                                        {"memory", "1g"},
                                                        {"ulimits", "nofile=1:2"},
                                                        {"ports", "20000:80"}}) {
    set(key, value);
  }
  make();
  EXPECT_TRUE(changes().none());
}

TEST_F(ContainerChangesTest, EverySettingIsOfOneKind) {
  const std::vector<std::pair<const char*, const char*>> others = {
      {"image", "a:1"},     {"hostname", "x"},     {"container_name", "xx"}, {"mounts", "/data"},
      {"ports", "80"},      {"gpus", "none"},      {"shm_size", "1g"},       {"ulimits", "core=1"},
      {"env", "A=1"},       {"cap_add", "CHOWN"},  {"cap_drop", "MKNOD"},    {"userns", "host"},
      {"memory", "1g"},     {"cpus", "2"},         {"pids", "100"},          {"restart", "no"},
      {"login", "root"},    {"max_sessions", "1"}, {"idle_stop", "1h"},      {"idle_warning", "1m"},
      {"snapshots", "1"},   {"builds", "no"},      {"build_context", "1g"},  {"build_time", "30m"},
      {"build_size", "10g"}};
  ASSERT_EQ(others.size(), all_settings().size());
  make(GpuAccess::kRuntime);
  for (const auto& setting : all_settings()) {
    std::string key(setting.key);
    for (const auto& [other, value] : others) {
      if (key == other) set(key, value);
    }
    auto found = changes(GpuAccess::kRuntime);
    switch (setting.change) {
      case Change::kAtOnce:
        EXPECT_TRUE(found.none()) << key;
        break;
      case Change::kLive:
        EXPECT_THAT(found.live, ElementsAre(key));
        EXPECT_THAT(found.rebuild, IsEmpty());
        break;
      case Change::kNewContainer:
        EXPECT_THAT(found.rebuild, ElementsAre(key));
        EXPECT_THAT(found.live, IsEmpty());
        break;
    }
    set(key, "");
  }
}

TEST_F(ContainerChangesTest, ASettingThatAnEarlierVersionDidNotKnowIsItsStandard) {
  auto label = json::parse(container_.labels[kLabelSettings]);
  label.erase("userns");
  label["ofTheFuture"] = 5;
  container_.labels[kLabelSettings] = label.dump();
  EXPECT_TRUE(changes().none());
  set("userns", "host");
  EXPECT_THAT(changes().rebuild, ElementsAre("userns"));
}

TEST_F(ContainerChangesTest, AValueThatDoesNotDoAnyMoreDiffers) {
  auto label = json::parse(container_.labels[kLabelSettings]);
  label["userns"] = "of the past";
  label["gpus"] = 7;
  container_.labels[kLabelSettings] = label.dump();
  EXPECT_THAT(changes().rebuild, ElementsAre("gpus", "userns"));
}

TEST_F(ContainerChangesTest, AContainerWithoutLabelsHasTheStandards) {
  container_.labels.clear();
  set("hostname", "{user}-VM");
  auto found = changes();
  EXPECT_THAT(found.rebuild, testing::Contains("hostname"));  // a template, not yet filled in
  container_.labels[kLabelSettings] = "no JSON";
  EXPECT_EQ(changes().rebuild, found.rebuild);
}

TEST_F(ContainerChangesTest, GpusAreWhatTheyComeTo) {
  EXPECT_TRUE(changes(GpuAccess::kNone).none());
  set("gpus", "none");
  EXPECT_TRUE(changes(GpuAccess::kNone).none());  // there were none anyway
  EXPECT_TRUE(changes(GpuAccess::kCdi).none());
  set("gpus", "auto");
  EXPECT_THAT(changes(GpuAccess::kCdi).rebuild, ElementsAre("gpus"));  // there are now
  make(GpuAccess::kDeviceRequest);
  set("gpus", "all");
  EXPECT_TRUE(changes(GpuAccess::kDeviceRequest).none());
  EXPECT_THAT(changes(GpuAccess::kCdi).rebuild, ElementsAre("gpus"));  // in another way
  EXPECT_TRUE(changes(std::nullopt).none());
  set("gpus", "0");
  EXPECT_THAT(changes(std::nullopt).rebuild, ElementsAre("gpus"));
}

TEST_F(ContainerChangesTest, LimitsAreDockersWord) {
  container_.limits.memory_bytes = 7;
  EXPECT_THAT(changes().live, ElementsAre("memory"));
  set("memory", "1g");
  set("cpus", "1.5");
  set("pids", "100");
  set("restart", "no");
  EXPECT_THAT(changes().live, ElementsAre("memory", "cpus", "pids", "restart"));
  EXPECT_EQ(live_update(changes().live, settings(), kCpus),
            json::parse(R"({"Memory": 1073741824, "MemorySwap": 1073741824, "NanoCpus": 1500000000,
                            "PidsLimit": 100, "RestartPolicy": {"Name": "no"}})"));
  EXPECT_EQ(live_update({"pids"}, settings(), kCpus), (json{{"PidsLimit", 100}}));
}

TEST_F(ContainerChangesTest, ALimitIsLiftedByOneThatIsNone) {
  set("memory", "1g");
  set("cpus", "2");
  set("pids", "100");
  make();
  for (const char* key : {"memory", "cpus", "pids"}) set(key, "");
  auto keys = changes().live;
  EXPECT_THAT(keys, ElementsAre("memory", "cpus", "pids"));
  auto update = live_update(keys, settings(), kCpus);
  EXPECT_EQ(update["NanoCpus"], kCpus * 1000000000ULL);
  EXPECT_EQ(update["PidsLimit"], -1);
  container_.limits.memory_bytes = update["Memory"];
  container_.limits.nano_cpus = update["NanoCpus"];
  container_.limits.pids = update["PidsLimit"];
  EXPECT_TRUE(changes().none());
}

}  // namespace
}  // namespace labgpu
