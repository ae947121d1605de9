// Names of images: two that Docker takes for one are one, and nobody gets labgpu's own elsewhere.
#include "helper/image_name.h"

#include <gtest/gtest.h>

#include <string>

namespace labgpu {
namespace {

TEST(ImageName, IsFamiliar) {
  EXPECT_EQ(familiar_name("debian"), "debian:latest");
  EXPECT_EQ(familiar_name("docker.io/library/debian:12"), "debian:12");
  EXPECT_EQ(familiar_name("docker.io/debian"), "debian:latest");
  EXPECT_EQ(familiar_name("index.docker.io/lab/cuda:1"), "lab/cuda:1");
  EXPECT_EQ(familiar_name("docker.io/library/lab/cuda:1"), "library/lab/cuda:1");
  EXPECT_EQ(familiar_name("host:5000/lab"), "host:5000/lab:latest");
  EXPECT_EQ(familiar_name("lab@sha256:00"), "lab@sha256:00");
}

TEST(ImageName, IsWhatDockerTakes) {
  const std::string digest = "sha256:" + std::string(64, 'a');
  for (const std::string& name :
       {std::string("a"), std::string("debian:12"), std::string("lab/a.b_c__d--e:V1.0_x-y"),
        std::string("localhost/a"), std::string("gpu01:5000/lab/cuda"),
        std::string("Registry.example:5000/a:1"), "debian@" + digest, "host:5000/a:1@" + digest,
        digest, "a:" + std::string(128, 'x'), std::string(255, 'a')}) {
    EXPECT_TRUE(is_image_name(name)) << name;
  }
  for (const std::string& name : {std::string(),
                                  std::string("a:"),
                                  std::string(":1"),
                                  std::string("root:x:0:0:"),
                                  std::string("a:-b"),
                                  std::string("Debian"),
                                  std::string("lab/Debian"),
                                  std::string("a//b"),
                                  std::string("/a"),
                                  std::string("a/"),
                                  std::string("a..b"),
                                  std::string("a___b"),
                                  std::string("a-_b"),
                                  std::string("-a"),
                                  std::string("a."),
                                  std::string("../a"),
                                  std::string("host:/a"),
                                  std::string("host:x/a"),
                                  std::string("host:5000/"),
                                  std::string("-host.x/a"),
                                  std::string("host..x/a"),
                                  std::string("a b"),
                                  std::string("a\n"),
                                  std::string("a@"),
                                  std::string("a@sha256:00"),
                                  "a@" + digest + "0",
                                  "@" + digest,
                                  "a@sha256:" + std::string(64, 'A'),
                                  "a:1@" + digest + "@" + digest,
                                  "a:" + std::string(129, 'x'),
                                  std::string(256, 'a')}) {
    EXPECT_FALSE(is_image_name(name)) << name;
  }
}

TEST(ImageName, WhatIsMadeHereIsSoUnderEachOfItsNames) {
  for (const char* name : {"labgpu/default", "labgpu/build/bob:1", "docker.io/labgpu/build/bob:1",
                           "index.docker.io/labgpu/default:latest"}) {
    EXPECT_TRUE(is_made_here(name)) << name;
  }
  for (const char* name : {"labgpu", "debian", "host:5000/labgpu/a", "library/labgpu/a"}) {
    EXPECT_FALSE(is_made_here(name)) << name;
  }
}

TEST(ImageName, MayBeAnId) {
  for (const char* id : {"0", "cafe", "CAFE12", "sha256:0", "sha256:cafe"}) {
    EXPECT_TRUE(may_be_id(id)) << id;
  }
  for (const char* name : {"cafe:1", "lab/cafe", "debian", "cafe@sha256:00"}) {
    EXPECT_FALSE(may_be_id(name)) << name;
  }
}

TEST(ImageName, OfAnAccountsBuilds) {
  EXPECT_EQ(build_repository("alice", 20001), "labgpu/build/alice");
  EXPECT_EQ(build_repository("a-b__c_d--e1", 20001), "labgpu/build/a-b__c_d--e1");
  // What Docker does not take in a name of an image.
  for (const char* name : {"_a", "a_", "a-", "a___b", "a-_b"}) {
    EXPECT_EQ(build_repository(name, 20001), "labgpu/build/20001") << name;
  }
}

}  // namespace
}  // namespace labgpu
