// What counts for an account: layers, where a value is from, templates, and what is refused.
#include "helper/account_settings.h"

#include <gmock/gmock.h>

namespace labgpu {
namespace {

using testing::AllOf;
using testing::HasSubstr;

Account account_of(const std::string& name) {
  Account account;
  account.name = name;
  account.home = "/home/" + name;
  return account;
}

Settings resolved(const SettingsPolicy& policy, const Account& account) {
  auto settings = settings_of(policy, account);
  EXPECT_TRUE(settings) << settings.error().message;
  return settings.value_or(Settings{});
}

std::string refusal(const SettingsLayer& layer, const std::string& user) {
  SettingsPolicy policy;
  policy.defaults = layer;
  auto settings = settings_of(policy, account_of(user));
  return settings ? "accepted" : settings.error().message;
}

TEST(AccountSettings, LabgpusStandards) {
  auto settings = resolved({}, account_of("alice"));
  EXPECT_EQ(settings.image, "labgpu/default:latest");
  EXPECT_EQ(settings.hostname, "alice-VM");
  EXPECT_EQ(settings.container_name, "alice_container");
  EXPECT_EQ(settings.gpus.kind, GpuChoice::Kind::kAuto);
  EXPECT_EQ(settings.shm_bytes, uint64_t{8} << 30);
  EXPECT_EQ(settings.restart, RestartPolicy::kUnlessStopped);
  EXPECT_EQ(settings.login, LoginAs::kUser);
  EXPECT_EQ(settings.memory_bytes + settings.milli_cpus + settings.max_processes, 0U);
}

TEST(AccountSettings, EachLayerGoesOverTheOneBefore) {
  SettingsPolicy policy;
  policy.defaults.image = "server:1";
  policy.defaults.memory_bytes = 1 << 30;
  policy.defaults.mounts = std::vector<Mount>{{"/data", "/data", false}};
  policy.profiles["phd"].memory_bytes = uint64_t{2} << 30;
  policy.profiles["phd"].milli_cpus = 2000;
  auto account = account_of("alice");
  account.profile = "phd";
  account.settings.milli_cpus = 1000;
  account.settings.mounts = std::vector<Mount>{};
  auto settings = resolved(policy, account);
  EXPECT_EQ(settings.image, "server:1");
  EXPECT_EQ(settings.memory_bytes, uint64_t{2} << 30);
  EXPECT_EQ(settings.milli_cpus, 1000U);
  EXPECT_TRUE(settings.mounts.empty());
}

TEST(AccountSettings, EveryValueIsShownWithWhereItIsFrom) {
  SettingsPolicy policy;
  policy.defaults.image = "server:1";
  policy.profiles["phd"].memory_bytes = uint64_t{2} << 30;
  auto account = account_of("alice");
  account.profile = "phd";
  account.settings.milli_cpus = 1500;
  std::map<std::string, std::string> seen;
  for (const auto& view : view_settings(policy, account)) {
    seen[std::string(view.key)] = view.value + " " + std::string(to_text(view.origin));
  }
  EXPECT_EQ(seen.size(), all_settings().size());
  EXPECT_EQ(seen["image"], "server:1 default");
  EXPECT_EQ(seen["hostname"], "alice-VM default");
  EXPECT_EQ(seen["memory"], "2g profile");
  EXPECT_EQ(seen["cpus"], "1.5 user");
  EXPECT_EQ(seen["pids"], "none default");
}

TEST(AccountSettings, AProfileThatIsNotThereIsAProblemNotAGuess) {
  SettingsPolicy policy;
  policy.profiles["master"] = {};
  auto account = account_of("alice");
  account.profile = "phd";
  auto settings = settings_of(policy, account);
  ASSERT_FALSE(settings);
  EXPECT_THAT(settings.error().message,
              AllOf(HasSubstr("alice has the profile \"phd\""), HasSubstr("it has: master")));
  EXPECT_EQ(view_settings(policy, account).size(), all_settings().size());
  EXPECT_EQ(max_sessions_of(policy, account), 0U);
}

TEST(AccountSettings, TemplatesAreFilledIn) {
  SettingsPolicy policy;
  policy.defaults.hostname = "{user}.lab";
  policy.defaults.container_name = "lab-{user}.{user}";
  policy.defaults.mounts = std::vector<Mount>{{"/data/{user}", "/data", true}};
  auto settings = resolved(policy, account_of("bob"));
  EXPECT_EQ(settings.hostname, "bob.lab");
  EXPECT_EQ(settings.container_name, "lab-bob.bob");
  EXPECT_EQ(settings.mounts, (std::vector<Mount>{{"/data/bob", "/data", true}}));
}

TEST(AccountSettings, HostNamesAreMadeValid) {
  EXPECT_EQ(resolved({}, account_of("a_b")).hostname, "a-b-VM");
  SettingsPolicy plain;
  plain.defaults.hostname = "{user}";
  EXPECT_EQ(resolved(plain, account_of("a_")).hostname, "a");
  plain.defaults.hostname = "a_{user}";
  EXPECT_EQ(resolved(plain, account_of("b_")).hostname, "a-b");
}

TEST(AccountSettings, BadHostNamesAreRefused) {
  for (const char* bad : {"{user}..x", "{user} x", "{user}/x", "x.-{user}-.y", "--", "-{user}",
                          "_{user}", "\xc3\xa4"}) {
    SettingsLayer layer;
    layer.hostname = bad;
    EXPECT_THAT(refusal(layer, "alice"), testing::StartsWith("hostname ")) << bad;
  }
  SettingsLayer layer;
  layer.hostname = std::string(59, 'x') + "{user}";
  EXPECT_EQ(refusal(layer, "four"), "accepted");
  EXPECT_THAT(refusal(layer, "fiver"), HasSubstr("at most 63"));
}

TEST(AccountSettings, BadContainerNamesAreRefused) {
  for (const char* bad : {"x", "-{user}", "{user}/x", "{user} x", "_{user}", "{name}", "{user"}) {
    SettingsLayer layer;
    layer.container_name = bad;
    EXPECT_THAT(refusal(layer, "alice"), testing::StartsWith("container_name ")) << bad;
  }
}

TEST(AccountSettings, MountsAreLookedAtWhenTheyAreFilledIn) {
  SettingsLayer layer;
  layer.mounts = std::vector<Mount>{{"/data", "/home/{user}", false}};
  EXPECT_THAT(refusal(layer, "alice"), HasSubstr("mounts cannot have anything at /home/alice"));
  layer.mounts = std::vector<Mount>{{"/{other}", "/x", false}};
  EXPECT_THAT(refusal(layer, "alice"), HasSubstr("mounts "));
  layer.mounts = std::vector<Mount>{{"/a", "/x", false}, {"/b", "/{user}", false}};
  EXPECT_EQ(refusal(layer, "x"), "mounts cannot have two things at /x");
  SettingsPolicy policy;
  policy.own_paths = {"/data/docker.sock"};
  auto account = account_of("alice");
  account.settings.mounts = std::vector<Mount>{{"/data", "/data", false}};
  EXPECT_FALSE(settings_of(policy, account));
}

TEST(AccountSettings, ReservedPortsAreFilledIn) {
  auto account = account_of("alice");
  account.settings.ports = std::vector<Port>{{22, 0, false}, {80, 8080, false}, {53, 0, true}};
  account.host_ports = {{"22/tcp", 20000}, {"53/tcp", 20001}};
  EXPECT_EQ(resolved({}, account).ports,
            (std::vector<Port>{{22, 20000, false}, {80, 8080, false}, {53, 0, true}}));
}

TEST(AccountSettings, CapabilitiesAreLookedAt) {
  SettingsLayer layer;
  layer.added_capabilities = std::vector<std::string>{"SYS_ADMIN"};
  EXPECT_THAT(refusal(layer, "alice"), HasSubstr("cap_add cannot have SYS_ADMIN"));
  SettingsPolicy policy;
  policy.defaults = layer;
  policy.allowed_capabilities = {"SYS_ADMIN"};
  EXPECT_EQ(resolved(policy, account_of("alice")).added_capabilities.size(), 1U);
  layer = {};
  layer.dropped_capabilities = std::vector<std::string>{"SETUID"};
  EXPECT_THAT(refusal(layer, "alice"), HasSubstr("cap_drop cannot have SETUID"));
}

TEST(AccountSettings, TheAccountsLimitOfLoginsGoesOverTheServers) {
  SettingsPolicy policy;
  auto account = account_of("alice");
  EXPECT_EQ(max_sessions_of(policy, account), 0U);
  policy.defaults.max_sessions = 5;
  EXPECT_EQ(max_sessions_of(policy, account), 5U);
  account.settings.max_sessions = 2;
  EXPECT_EQ(max_sessions_of(policy, account), 2U);
  account.settings.max_sessions = 0;
  EXPECT_EQ(max_sessions_of(policy, account), 0U);
}

TEST(AccountSettings, MoreCpusThanTheServerHasAreRefused) {
  Settings settings;
  settings.milli_cpus = 4000;
  EXPECT_TRUE(check_against_host(settings, 4));
  settings.milli_cpus = 4001;
  auto checked = check_against_host(settings, 4);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().message,
            "cpus 4.001 is more than this server has: must be 0.01 to 4, or none for all");
  settings.milli_cpus = 0;
  EXPECT_TRUE(check_against_host(settings, 1));
}

}  // namespace
}  // namespace labgpu
