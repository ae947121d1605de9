// Users' builds with the machine's own Docker: what comes of a Dockerfile, and that nothing comes
// of one that fails, takes too long, is given up or is too large.
#include "helper/image_builds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "helper/image_labels.h"
#include "tests/module/docker/docker_fixture.h"

namespace labgpu {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using namespace testing_support;

// The image of the fixture has nothing to run; this one has a shell of the machine's own.
class ImageBuildsTest : public DockerFixture {
 protected:
  void SetUp() override {
    DockerFixture::SetUp();
    output_of(
        "d=$(mktemp -d) && set -e; for f in /bin/sh /bin/cat /bin/sleep /bin/dd; do "
        "for one in $f $(ldd $f | grep -o '/[^ ]*'); do cp -L --parents $one $d; done; done; "
        "tar -C $d -c . | docker import - " +
        base() + "; rm -r $d");
    account_ = make_account();
    ASSERT_EQ(chown(account_.home.c_str(), account_.uid, account_.gid), 0);
    fs::create_directory(account_.home + "/.labgpu");
    settings_.builds = true;
    settings_.shm_bytes = 64 << 20;
    settings_.build_context_bytes = 1 << 20;
    settings_.build_seconds = 120;
    settings_.build_bytes = uint64_t{1} << 30;
    builds_.emplace(loop_, *docker_, manager_->images(), state_directory());
  }
  void TearDown() override {
    builds_.reset();
    output_of(
        "docker images --format '{{.Repository}}:{{.Tag}}' 'labgpu/build/dockertest-*' | xargs -r "
        "docker rmi -f");
    output_of("docker rmi -f " + base());
    DockerFixture::TearDown();
  }

  static std::string base() { return "labgpu-docker-test-base:" + std::to_string(getpid()); }
  void put_file(const std::string& name, const std::string& text) const {
    std::ofstream(account_.home + "/.labgpu/" + name) << text;
  }
  void put_recipe(const std::string& rest) const {
    put_file("Dockerfile", "FROM " + base() + "\n" + rest + "\n");
  }
  Task<Result<BuiltImage>> begin() {
    return builds_->build(account_, settings_, [this](std::string_view text) { output_ += text; });
  }
  Result<BuiltImage> build() { return run_task(loop_, begin()); }
  std::string refusal() {
    auto built = build();
    return built ? "built" : built.error().message;
  }
  // Of the account, and what any step of a build left.
  [[nodiscard]] std::string left() const {
    return output_of("docker images -q labgpu/build/" + account_.name) +
           output_of("docker ps -aq --filter ancestor=" + base());
  }

  Account account_;
  Settings settings_;
  std::optional<ImageBuilds> builds_;
  std::string output_;
};

TEST_F(ImageBuildsTest, FilesAndStepsBecomeTheImage) {
  put_file("data", "数据\n");
  put_recipe("COPY data /data\nRUN echo made of $(cat /data) > /made; echo said\nENV A=b");
  auto built = build();
  ASSERT_TRUE(built) << built.error().message;
  EXPECT_THAT(built->name, testing::StartsWith("labgpu/build/" + account_.name + ":2"));
  EXPECT_GT(built->bytes, 100000U);
  EXPECT_EQ(output_of("docker run --rm " + built->name + " /bin/sh -c 'cat /made'"),
            "made of 数据");
  EXPECT_EQ(output_of("docker image inspect -f '{{.Id}} {{index .Config.Labels \"" +
                      std::string(kLabelBuildUid) + "\"}}' " + built->name),
            built->id + " " + std::to_string(account_.uid));
  EXPECT_THAT(output_, AllOf(HasSubstr("Step 1/5"), HasSubstr("said\n")));
}

TEST_F(ImageBuildsTest, StepsAreTakenFromOnesOwnEarlierBuildsAlone) {
  put_recipe("RUN echo this ran");
  ASSERT_TRUE(build());
  EXPECT_THAT(output_, HasSubstr("\nthis ran\n"));
  output_.clear();
  ASSERT_TRUE(build());
  EXPECT_THAT(output_, AllOf(HasSubstr("Using cache"), testing::Not(HasSubstr("\nthis ran\n"))));
  auto first = std::exchange(account_, make_account("b"));
  ASSERT_EQ(chown(account_.home.c_str(), account_.uid, account_.gid), 0);
  fs::copy(first.home + "/.labgpu", account_.home + "/.labgpu", fs::copy_options::recursive);
  output_.clear();
  ASSERT_TRUE(build());
  EXPECT_THAT(output_, testing::Not(HasSubstr("Using cache")));
}

TEST_F(ImageBuildsTest, AFailureIsToldAndLeavesNothing) {
  put_recipe("RUN echo nearly; exit 3");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("the build failed: "), HasSubstr("code: 3")));
  EXPECT_THAT(output_, HasSubstr("nearly\n"));
  EXPECT_EQ(left(), "");
}

TEST_F(ImageBuildsTest, WhatTakesTooLongIsEnded) {
  settings_.build_seconds = 10;
  put_recipe("RUN sleep 81931");
  EXPECT_THAT(refusal(), HasSubstr("it took longer than 10s"));
  wait_until([] { return !succeeds("pgrep -xf 'sleep 81931'"); });
  wait_until([this] { return left().empty(); });
}

TEST_F(ImageBuildsTest, WhatNobodyWaitsForIsEnded) {
  put_recipe("RUN sleep 81932");
  {
    std::optional<Result<BuiltImage>> result;
    auto building = keep_result(begin(), result);
    building.start();
    wait_until([] { return succeeds("pgrep -xf 'sleep 81932'"); });
    EXPECT_THAT(refusal(), HasSubstr("is under way already"));
  }
  wait_until([] { return !succeeds("pgrep -xf 'sleep 81932'"); });
  wait_until([this] { return left().empty(); });
  put_recipe("ENV A=b");
  EXPECT_EQ(refusal(), "built");
}

TEST_F(ImageBuildsTest, WhatIsTooLargeIsRefusedAndGone) {
  settings_.build_bytes = 3 << 20;
  put_recipe("RUN dd if=/dev/zero of=/large bs=1M count=3");
  EXPECT_THAT(refusal(),
              AllOf(HasSubstr("refused and deleted"), HasSubstr("build_size allows 3m")));
  EXPECT_EQ(left(), "");
}

// Docker repeats labels in every list of images.
TEST_F(ImageBuildsTest, WhatHasTooMuchInLabelsIsRefusedAndGone) {
  put_recipe("LABEL much=" + std::string(kMostLabelBytes, 'x'));
  EXPECT_THAT(refusal(), AllOf(HasSubstr("refused and deleted"), HasSubstr("bytes in labels")));
  EXPECT_EQ(left(), "");
}

TEST_F(ImageBuildsTest, WhatDockerSaysTooMuchAboutIsRefusedAndGone) {
  std::string recipe = "ENV A=" + std::string(59000, 'x');
  for (const char* names : {"abc", "def", "ghi", "jkl"}) {
    recipe += "\nLABEL";
    for (const char* name = names; *name != '\0'; ++name)
      recipe += std::string(" ") + *name + "=$A";
  }
  put_recipe(recipe);
  EXPECT_THAT(refusal(), HasSubstr("refused and deleted"));
  EXPECT_EQ(left(), "");
}

TEST_F(ImageBuildsTest, TheLimitsOfTheContainerAreTheBuilds) {
  settings_.milli_cpus = 500;
  settings_.ulimits = {parse_ulimit("nofile=123:456").value()};
  put_recipe("RUN ulimit -n; cat /sys/fs/cgroup/cpu.max /sys/fs/cgroup/cpu/cpu.cfs_quota_us; true");
  EXPECT_EQ(refusal(), "built");
  EXPECT_THAT(output_, AllOf(HasSubstr("123\n"), HasSubstr("50000")));
}

TEST_F(ImageBuildsTest, OthersImagesAreNoBase) {
  put_recipe("ENV A=b");
  auto mine = build();
  ASSERT_TRUE(mine);
  put_file("Dockerfile", "FROM docker.io/" + mine->name + "\nENV B=c\n");
  EXPECT_EQ(refusal(), "built");
  // Another account, also one that has the name later.
  ++account_.uid;
  ASSERT_EQ(chown(account_.home.c_str(), account_.uid, account_.gid), 0);
  EXPECT_THAT(refusal(), HasSubstr("is not yours"));
  put_recipe("COPY --from=" + mine->name + " /bin /bin");
  EXPECT_THAT(refusal(), HasSubstr("is not yours"));
}

TEST_F(ImageBuildsTest, ABaseThatWouldRunMoreIsRefused) {
  auto trigger = "labgpu-docker-test-trigger:" + std::to_string(getpid());
  output_of("docker import -c 'ONBUILD ADD http://127.0.0.1/ /x' - " + trigger + " </dev/null");
  put_file("Dockerfile", "FROM " + trigger + "\n");
  EXPECT_THAT(refusal(), HasSubstr("has ONBUILD instructions"));
  output_of("docker rmi " + trigger);
  put_file("Dockerfile", "FROM labgpu/nothing\n");
  EXPECT_THAT(refusal(), HasSubstr("there is no image labgpu/nothing"));
  put_file("Dockerfile", "FROM 127.0.0.1:1/lab/none:1\n");
  EXPECT_THAT(refusal(), HasSubstr("connection refused"));
}

TEST_F(ImageBuildsTest, ABaseWithALongVariableIsRefused) {
  const std::string long_one = base() + "-long";
  output_of("printf 'FROM %s\\nENV A=%s\\n' " + base() + " " + std::string(10000, 'x') +
            " | docker build -q -t " + long_one + " -");
  put_file("Dockerfile", "FROM " + long_one + "\n");
  EXPECT_THAT(refusal(), HasSubstr("has a variable of 10002 bytes in its environment"));
  output_of("docker rmi " + long_one);
}

TEST_F(ImageBuildsTest, WhoMayNotBuildBuildsNothing) {
  settings_.builds = false;
  put_recipe("ENV A=b");
  EXPECT_THAT(refusal(), HasSubstr("may not build images"));
}

TEST_F(ImageBuildsTest, OldOnesGoUnlessTheyAreUsed) {
  std::vector<std::string> names;
  for (const char* value : {"1", "2", "3", "4"}) {
    put_recipe(std::string("ENV A=") + value);
    auto built = build();
    ASSERT_TRUE(built) << built.error().message;
    names.push_back(built->name);
  }
  auto container = output_of("docker create " + names[0] + " /bin/sh");
  ASSERT_TRUE(run_task(loop_, builds_->remove(account_, {names[1]}, 1)));
  EXPECT_TRUE(succeeds("docker image inspect " + names[0])) << "a container is made from it";
  EXPECT_TRUE(succeeds("docker image inspect " + names[1]));
  EXPECT_FALSE(succeeds("docker image inspect " + names[2]));
  EXPECT_TRUE(succeeds("docker image inspect " + names[3]));
  output_of("docker rm " + container);
  ASSERT_TRUE(run_task(loop_, builds_->remove(account_, {}, 0)));
  EXPECT_EQ(left(), "");
}

}  // namespace
}  // namespace labgpu
