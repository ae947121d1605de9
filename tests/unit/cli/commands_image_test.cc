// labgpu image and labgpu build: what they ask, what they print, what they refuse.
#include <gmock/gmock.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "tests/unit/cli/fake_helper.h"
#include "tests/unit/cli/run_labgpu.h"
#include "tests/unit/cli/temporary_directory.h"

namespace labgpu {
namespace {

using nlohmann::json;
using testing::HasSubstr;

struct Answered {
  Answered(std::vector<std::string> arguments, const std::vector<json>& replies) : helper(replies) {
    arguments.insert(arguments.begin(), {"--socket", helper.socket()});
    ran = run_labgpu(arguments);
  }
  FakeHelper helper;
  Ran ran;
};

json reply(const json& parameters) { return {{"parameters", parameters}}; }

json image(const std::string& name, bool there) {
  json image = {
      {"name", name}, {"isDefault", false}, {"profiles", json::array()}, {"users", json::array()}};
  if (!there) return image;
  image["id"] = "sha256:0123456789abcdef";
  image["bytes"] = 3 << 20;
  image["createdUSec"] = 1747742400000000;
  return image;
}

TEST(ImageList, ShowsWhatIsHereAndWhoUsesIt) {
  setenv("TZ", "UTC", 1);
  tzset();
  auto here = image("lab/cuda:12", true);
  here["isDefault"] = true;
  here["profiles"] = {"phd"};
  here["users"] = {"alice", "bob"};
  json list = {{"images", {here, image("debian:latest", false)}}};
  Answered e({"image", "list"}, {reply(list)});
  EXPECT_EQ(e.helper.requests()[0]["method"], "org.labgpu.ListImages");
  EXPECT_EQ(e.ran.out,
            "IMAGE          ID            SIZE     MADE              USED BY\n"
            "lab/cuda:12    0123456789ab  3.0 MiB  2025-05-20 12:00  the default, profile phd, "
            "alice, bob\n"
            "debian:latest  not here      -        -                 -\n");
  Answered as_json({"image", "list", "--json"}, {reply(list)});
  EXPECT_EQ(json::parse(as_json.ran.out), list);
}

TEST(ImagePull, AsksAndSaysWhenItIsDone) {
  Answered e({"image", "pull", "debian:12"}, {reply(json::object())});
  EXPECT_EQ(e.helper.requests()[0]["parameters"], json({{"image", "debian:12"}}));
  EXPECT_EQ(e.helper.requests()[0]["more"], true);
  EXPECT_EQ(e.ran.out, "debian:12: fetched\n");
}

TEST(ImageDefault, RefusesAnImageThatIsNotHere) {
  Answered e({"image", "default", "lab/cuda:12"},
             {reply({{"images", json::array({image("lab/cuda:12", false)})}})});
  EXPECT_EQ(e.ran.status, 1);
  EXPECT_THAT(e.ran.err, HasSubstr("there is no image lab/cuda:12 on this server"));
  EXPECT_EQ(e.helper.requests().size(), 1U);
}

TEST(ImageDefault, AnImageThatCannotBeFetchedChangesNothing) {
  Answered e({"image", "default", "--pull", "lab/cuda:12"},
             {reply({{"images", json::array({image("lab/cuda:12", false)})}}),
              {{"error", "org.labgpu.Unavailable"}, {"parameters", {{"message", "no network"}}}}});
  EXPECT_EQ(e.ran.status, 1);
  EXPECT_EQ(e.ran.err, "labgpu: no network\n");
}

// A docker that notes its arguments.
class ImageBuildTest : public testing::Test {
 protected:
  ImageBuildTest() {
    put(directory_ / "docker", R"(#!/bin/sh
cd "${0%/*}" || exit 1
echo "$*" >>calls
case "$1 $2" in "image inspect") echo sha256:12 ;; build*) [ ! -e fails ] ;; esac
)");
    chmod((directory_ / "docker").c_str(), 0755);
    put(directory_ / "cuda/Dockerfile", "FROM scratch\n");
    setenv("PATH", (directory_.path() + ":" + path_).c_str(), 1);
  }
  ~ImageBuildTest() override { setenv("PATH", path_.c_str(), 1); }

  std::string path_ = getenv("PATH");
  TemporaryDirectory directory_;
};

TEST_F(ImageBuildTest, ADirectoryIsBuiltUnderItsName) {
  auto ran = run_labgpu({"image", "build", directory_ / "cuda", "--build-arg", "A=1"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(ran.out, "labgpu/cuda:latest sha256:12\n");
  EXPECT_THAT(slurp(directory_ / "calls"),
              HasSubstr("build --file " + directory_ / "cuda/Dockerfile"));
  EXPECT_THAT(slurp(directory_ / "calls"),
              HasSubstr(" --tag labgpu/cuda:latest --build-arg A=1 " + directory_ / "cuda\n"));
}

TEST_F(ImageBuildTest, AFileIsBuiltInItsDirectory) {
  put(directory_ / "cuda/other", "FROM scratch\n");
  auto ran =
      run_labgpu({"image", "build", directory_ / "cuda/other", "--tag", "lab/x:1", "--json"});
  EXPECT_EQ(json::parse(ran.out), json({{"image", "lab/x:1"}, {"id", "sha256:12"}}));
  EXPECT_THAT(slurp(directory_ / "calls"),
              HasSubstr("build --file " + directory_ / "cuda/other --tag lab/x:1 "));
}

TEST_F(ImageBuildTest, WhatCannotBeBuiltIsSaid) {
  auto ran = run_labgpu({"image", "build", directory_.path()});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr("there is no Dockerfile in "));
  EXPECT_THAT(run_labgpu({"image", "build", directory_ / "no"}).err, HasSubstr("cannot read"));
  put(directory_ / "fails", "");
  EXPECT_THAT(run_labgpu({"image", "build", directory_ / "cuda"}).err,
              HasSubstr("docker could not build labgpu/cuda:latest"));
}

json built() {
  return {
      {"image", "labgpu/build/alice:20261231-235959"},
      {"id", "sha256:12"},
      {"bytes", 3 << 20},
      {"container", {{"user", "alice"}, {"needsRebuild", {"image"}}, {"pending", json::array()}}}};
}

TEST(Build, ShowsTheOutputAndHowToGoOn) {
  FakeHelper helper([](int fd) {
    read_message(fd);
    for (const char* text : {"Step 1\nSt", "ep 2\x1b[2J\r\nlast"}) {
      write_bytes(fd, json{{"parameters", {{"output", text}}}, {"continues", true}}.dump());
      write_bytes(fd, std::string(1, '\0'));
    }
    write_bytes(fd, reply(built()).dump() + std::string(1, '\0'));
  });
  auto ran = run_labgpu({"--socket", helper.socket(), "build", "alice"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(ran.err, "Step 1\nStep 2?[2J\nlast\n");
  EXPECT_EQ(ran.out,
            "alice: built labgpu/build/alice:20261231-235959, 3.0 MiB; containers are made from it "
            "from now on\n"
            "alice: needs a rebuild; its container was made with another image\n"
            "to have it in the container: labgpu rebuild alice\n");
}

TEST(Build, OfOnesOwnAccountNamesNobody) {
  Answered e({"build"}, {reply(built())});
  EXPECT_EQ(e.helper.requests()[0]["method"], "org.labgpu.Build");
  EXPECT_EQ(e.helper.requests()[0]["parameters"], json::object());
  EXPECT_THAT(e.ran.out, testing::EndsWith("in the container: labgpu rebuild\n"));
}

}  // namespace
}  // namespace labgpu
