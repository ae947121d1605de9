// What an image made of a container says of itself, and the names of containers that stand aside.
#include "helper/image_commit.h"

#include <gmock/gmock.h>

#include "helper/aside_name.h"

namespace labgpu {
namespace {

using nlohmann::json;

TEST(ImageCommit, ConfigurationIsThatOfTheContainersImage) {
  json image = json::parse(R"({
    "Hostname": "x", "Image": "sha256:1", "Entrypoint": ["/e"], "Cmd": ["c"], "User": "7",
    "WorkingDir": "/w", "Env": ["A=1", "PATH=/bin"], "Labels": {"mine": "yes"},
    "Volumes": {"/v": {}}})");
  json container = json::parse(R"({
    "Entrypoint": ["/.labgpu/bin/labgpu-init"], "Cmd": [], "User": "0:0",
    "Env": ["A=2", "PATH=/bin", "B=secret"],
    "Labels": {"mine": "yes", "org.labgpu.user": "alice", "org.labgpu.settings": "{}"}})");
  json made = committed_configuration(container, image, {{"org.labgpu.snapshot.note", "n"}});
  EXPECT_EQ(made, json::parse(R"({
    "Entrypoint": ["/e"], "Cmd": ["c"], "User": "7", "WorkingDir": "/w",
    "Env": ["A=1", "PATH=/bin", "B"], "Volumes": {"/v": {}},
    "Labels": {"mine": "yes", "org.labgpu.user": "", "org.labgpu.settings": "",
               "org.labgpu.snapshot.note": "n"}})"));
  EXPECT_EQ(committed_configuration(container, made, {{"org.labgpu.snapshot.note", "n"}}), made)
      << "once more adds nothing";
}

TEST(ImageCommit, WhatAnImageDoesNotSayIsNotTheContainers) {
  json container = json::parse(R"({"Entrypoint": ["/i"], "Cmd": ["x"], "User": "0:0"})");
  for (const char* image :
       {"{}", R"({"Entrypoint": null, "Cmd": null, "Env": null, "User": ""})"}) {
    json made = committed_configuration(container, json::parse(image), {});
    EXPECT_EQ(made["Entrypoint"], json::array());
    EXPECT_EQ(made["Cmd"], json::array());
    EXPECT_EQ(made["Env"], json::array());
    EXPECT_EQ(made["User"], "0");
    EXPECT_EQ(made["Labels"], json::object());
  }
}

TEST(AsideName, SaysWhatTheContainerWas) {
  ContainerDetails container;
  container.id = "0123456789abcdef0123";
  container.name = "alice_container";
  for (const auto& [state, ran] :
       {std::pair{"running", true}, {"paused", true}, {"exited", false}}) {
    container.state = state;
    std::string name = aside_name(container);
    auto before = was_before(name, container.id);
    ASSERT_TRUE(before) << name;
    EXPECT_EQ(before->name, "alice_container");
    EXPECT_EQ(before->ran, ran);
    EXPECT_FALSE(was_before(name, "f" + container.id)) << "of another container";
  }
  EXPECT_EQ(aside_name(container), "alice_container.stopped-0123456789ab");
  EXPECT_FALSE(was_before(container));
  container.name = aside_name(container);
  container.state = "running";
  EXPECT_EQ(aside_name(container), "alice_container.ran-0123456789ab") << "once is enough";
  EXPECT_FALSE(was_before(".ran-0123456789ab", container.id));
}

}  // namespace
}  // namespace labgpu
