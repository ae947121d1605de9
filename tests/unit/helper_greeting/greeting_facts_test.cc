// The words of a greeting, in both languages, with the built-in templates around them.
#include "helper/greeting_facts.h"

#include <gmock/gmock.h>

#include "helper/greeting_files.h"

namespace labgpu::test {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr uint64_t kGibi = uint64_t{1} << 30;
constexpr uint64_t kSecond = 1'000'000;

GreetingFacts full_facts() {
  GreetingFacts facts;
  facts.user = "alice";
  facts.hostname = "alice-VM";
  facts.host = "gpu01";
  facts.container = "alice_container";
  facts.image = "cuda:12";
  facts.started = 1000 * kSecond;
  facts.now = (1000 + 3 * 86400 + 7) * kSecond;
  facts.sessions = 2;
  facts.gpus = json::parse(R"([
    {"index":"0","uuid":"GPU-a","name":"NVIDIA A100-SXM4-80GB","memoryUsed":12992276070,
     "memoryTotal":85899345920,"utilization":34,
     "processes":[{"pid":1,"user":"bob"},{"pid":2,"user":"bob"},{"pid":3}]},
    {"index":"1","name":"NVIDIA A100-SXM4-80GB","utilization":0,"processes":[]},
    {"index":"2","problem":"GPU is lost"},
    {"index":"3","name":"NVIDIA A100-SXM4-80GB","utilization":0,"processes":[]}])");
  facts.memory_used = 3 * kGibi + kGibi / 5;
  facts.memory_limit = 16 * kGibi;
  facts.cpus = "4";
  facts.disks = {{"/home/alice", {1, 1800 * kGibi, 1680 * kGibi, 120 * kGibi}},
                 {"/scratch", {1, 1800 * kGibi, 1680 * kGibi, 120 * kGibi}},
                 {"/data", {2, 100 * kGibi, 50 * kGibi, 50 * kGibi}}};
  facts.ports = {{8888, 30012, false}, {53, 30013, true}, {22, 0, false}};
  facts.rebuild = {"image", "mounts"};
  return facts;
}

std::vector<std::string> value(const GreetingFacts& facts, Placeholder placeholder,
                               WordLanguage language = WordLanguage::kEnglish) {
  return describe(facts, language).at(placeholder);
}

TEST(GreetingFacts, InEnglish) {
  EXPECT_EQ(built_in_greetings().english.render(describe(full_facts(), WordLanguage::kEnglish)),
            "alice-VM on gpu01: image cuda:12, running for 3 days, 2 logins\n"
            "GPUs     0: A100-SXM4-80GB, 34% busy, 12.1 GiB of 80.0 GiB, used by bob, the server\n"
            "         2: GPU is lost    1, 3: A100-SXM4-80GB, free\n"
            "Memory   3.2 GiB of 16.0 GiB\n"
            "CPUs     4\n"
            "Disks    /home/alice, /scratch: 120 GiB of 1.8 TiB free, 94% FULL\n"
            "         /data: 50.0 GiB of 100 GiB free\n"
            "Ports    30012 -> 8888    30013 -> 53/udp\n"
            "Rebuild  the container still has its old image, mounts; labgpu rebuild makes it anew\n"
            "Help     ssh alice@gpu01 labgpu help\n");
}

TEST(GreetingFacts, InChinese) {
  EXPECT_EQ(built_in_greetings().chinese.render(describe(full_facts(), WordLanguage::kChinese)),
            "gpu01 上的 alice-VM：镜像 cuda:12，已运行 3 天，2 个登录\n"
            "显卡  0: A100-SXM4-80GB，占用 34%，12.1 GiB / 80.0 GiB，bob，服务器 在使用\n"
            "      2: GPU is lost    1, 3: A100-SXM4-80GB，空闲\n"
            "内存  3.2 GiB / 16.0 GiB\n"
            "CPU   4\n"
            "磁盘  /home/alice, /scratch：剩余 120 GiB，共 1.8 TiB，已满 94%！\n"
            "      /data：剩余 50.0 GiB，共 100 GiB\n"
            "端口  30012 -> 8888    30013 -> 53/udp\n"
            "重建  容器仍在使用旧的 image, mounts 设置；用 labgpu rebuild 重建\n"
            "帮助  ssh alice@gpu01 labgpu help\n");
}

TEST(GreetingFacts, WhatIsNotKnownHasNoLine) {
  GreetingFacts facts;
  facts.user = "alice";
  facts.hostname = "alice-VM";
  facts.host = "gpu01";
  facts.image = "cuda:12";
  facts.sessions = 1;
  EXPECT_EQ(built_in_greetings().english.render(describe(facts, WordLanguage::kEnglish)),
            "alice-VM on gpu01: image cuda:12, running, 1 login\n"
            "Help     ssh alice@gpu01 labgpu help\n");
}

TEST(GreetingFacts, TimesAreRoundedDown) {
  auto facts = full_facts();
  auto text_after = [&](uint64_t seconds) {
    facts.now = *facts.started + seconds * kSecond;
    return value(facts, Placeholder::kStateSince).front();
  };
  EXPECT_EQ(text_after(0), "running for less than a minute");
  EXPECT_EQ(text_after(60), "running for 1 minute");
  EXPECT_EQ(text_after(3599), "running for 59 minutes");
  EXPECT_EQ(text_after(3600), "running for 1 hour");
  EXPECT_EQ(text_after(47 * 3600), "running for 1 day");
  facts.now = *facts.started - 1;  // a clock that was set back
  EXPECT_EQ(value(facts, Placeholder::kStateSince).front(), "running");
}

TEST(GreetingFacts, MemoryIsToldAsFarAsItIsKnown) {
  auto facts = full_facts();
  facts.memory_limit = 0;
  EXPECT_THAT(value(facts, Placeholder::kMemory), ElementsAre("3.2 GiB in use"));
  facts.memory_used.reset();
  EXPECT_THAT(value(facts, Placeholder::kMemory), IsEmpty());
  facts.memory_limit = kGibi;
  EXPECT_THAT(value(facts, Placeholder::kMemory), ElementsAre("1.0 GiB"));
}

TEST(GreetingFacts, DisksAreMarkedFromNinetyPercentOn) {
  auto facts = full_facts();
  auto text_with = [&](uint64_t used, uint64_t available) {
    facts.disks = {{"/d", {1, 1000 * kGibi, used, available}}};
    return value(facts, Placeholder::kDisks).front();
  };
  EXPECT_EQ(text_with(89, 11), "/d: 11 B of 1000 GiB free");
  EXPECT_EQ(text_with(891, 109), "/d: 109 B of 1000 GiB free, 90% FULL");
  EXPECT_EQ(text_with(5, 0), "/d: 0 B of 1000 GiB free, 100% FULL");
  EXPECT_EQ(text_with(0, 0), "/d: 0 B of 1000 GiB free");
}

TEST(GreetingFacts, ManyAreCountedOnly) {
  auto facts = full_facts();
  facts.disks.clear();
  for (uint64_t i = 0; i < 9; ++i) facts.disks.push_back({"/d", {i, kGibi, 0, kGibi}});
  auto disks = value(facts, Placeholder::kDisks);
  ASSERT_EQ(disks.size(), 6U);
  EXPECT_EQ(disks.back(), "and 4 more");
  facts.disks.resize(6);
  EXPECT_EQ(value(facts, Placeholder::kDisks).back(), "/d: 1.0 GiB of 1.0 GiB free");
}

TEST(GreetingFacts, AnOldReportOnGpusIsToldWithItsAge) {
  auto facts = full_facts();
  facts.gpus_seconds_ago = 59;
  EXPECT_EQ(value(facts, Placeholder::kGpus).back(), "1, 3: A100-SXM4-80GB, free");
  facts.gpus_seconds_ago = 125;
  EXPECT_EQ(value(facts, Placeholder::kGpus).back(), "(as of 2 minutes ago)");
  facts.gpus = json::array();
  EXPECT_THAT(value(facts, Placeholder::kGpus), IsEmpty());
}

TEST(GreetingFacts, AReportInAnotherFormDoesNoHarm) {
  auto facts = full_facts();
  facts.gpus = json::parse(R"([7, {}, {"index":5,"name":[],"utilization":-1,"processes":[]},
    {"index":"1","utilization":7,"processes":[]}])");
  EXPECT_THAT(value(facts, Placeholder::kGpus), ElementsAre("1: 7% busy"));
}

}  // namespace
}  // namespace labgpu::test
