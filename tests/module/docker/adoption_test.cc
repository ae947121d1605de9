// Containers that labgpu did not make become an account's, or stay as they were.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "common/paths.h"
#include "tests/module/docker/docker_fixture.h"

namespace labgpu {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;
using namespace testing_support;

class AdoptionTest : public DockerFixture {
 protected:
  // Named after the account, so that it goes with the others.
  static std::string foreign(const Account& account) { return account.name + "_old"; }
  // As the group would have made it: by hand.
  void run(const std::string& name, const std::string& options = "") {
    output_of("docker run -d --name " + name + " -v " + std::string(kGuestDirectory) +
              ":/guest:ro " + options + " --entrypoint /guest/labgpu-init " + image() +
              " 2>/dev/null");
    output_of("printf old >" + directory_ + "/old && docker cp " + directory_ + "/old " + name +
              ":/etc/mark >/dev/null 2>&1");
  }
  Result<Adoption> plan(const Account& account, const std::string& name) {
    return run_task(loop_, manager_->plan_adoption(account, name));
  }
  Result<void> adopt(const Account& account, const Adoption& from) {
    return run_task(loop_, manager_->adopt(account, from, [](const char*) {}));
  }
  static std::string state(const std::string& name) {
    return output_of("docker inspect -f '{{.State.Status}} {{.HostConfig.RestartPolicy.Name}}' " +
                     name);
  }
};

// The test's init listens where labgpu's own directory is; a foreign container has none, and its
// host name says that it need not.
constexpr char kOptions[] = "--restart always --hostname mute-box";

TEST_F(AdoptionTest, ThePlanSaysWhatIsTakenOver) {
  Account account = make_account();
  fs::create_directory(directory_ + "/data");
  run(foreign(account), std::string(kOptions) + " -e A=1 -e HOME=/x -v " + directory_ +
                            "/data:/data:ro -v " + account.home + ":" + account.home +
                            " -v /etc:/host-etc -v vol-" + account.name + ":/vol");
  Result<Adoption> found = plan(account, foreign(account));
  output_of("docker rm -f " + foreign(account) + " && docker volume rm vol-" + account.name);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->container, foreign(account));
  EXPECT_TRUE(found->runs);
  EXPECT_EQ(found->hostname, "mute-box");
  EXPECT_EQ(found->environment, (Environment{{"A", "1"}}));
  EXPECT_THAT(found->left_out, ElementsAre("HOME"));
  EXPECT_THAT(found->mounts, UnorderedElementsAre(Mount{directory_ + "/data", "/data", true},
                                                  Mount{kGuestDirectory, "/guest", true}));
  EXPECT_EQ(found->refused.size(), 2U) << "/etc and the volume";
}

TEST_F(AdoptionTest, WhatIsInItIsTheAccountsAndTheOldOneRests) {
  Account account = make_account();
  run(foreign(account), kOptions);
  Result<Adoption> found = plan(account, foreign(account));
  ASSERT_TRUE(found) << found.error().message;
  Result<void> done = adopt(account, *found);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(mark_of(account), "old");
  ASSERT_NE(manager_->running(account), nullptr);
  EXPECT_EQ(state(foreign(account)), "exited no");
  EXPECT_EQ(plan(account, foreign(account)).error().code, ErrorCode::kExists) << "it has one now";
}

TEST_F(AdoptionTest, ANameThatCollidesIsGivenUp) {
  Account account = make_account();
  run(container_name(account), kOptions);
  Result<Adoption> found = plan(account, container_name(account));
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_TRUE(adopt(account, *found));
  EXPECT_EQ(mark_of(account), "old");
  EXPECT_EQ(state(container_name(account) + ".adopted"), "exited no");
}

TEST_F(AdoptionTest, AFailureLeavesItAsItWas) {
  Account account = make_account();
  account.settings.hostname = "dies-{user}";
  account.settings.restart = RestartPolicy::kNo;
  run(container_name(account), kOptions);
  Result<Adoption> found = plan(account, container_name(account));
  ASSERT_TRUE(found) << found.error().message;
  Result<void> done = adopt(account, *found);
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, HasSubstr(container_name(account) + " is as it was"));
  EXPECT_EQ(state(container_name(account)), "running always");
  EXPECT_EQ(output_of("docker inspect -f '{{.Id}}' " + container_name(account)), found->id);
  EXPECT_EQ(output_of("docker images -q labgpu/kept/" + account.name), "");
}

TEST_F(AdoptionTest, LabgpusOwnAndWhatIsNotThereAreRefused) {
  Account account = make_account();
  ASSERT_TRUE(ensure(account));
  EXPECT_EQ(plan(make_account("b"), container_name(account)).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(plan(make_account("c"), "no-such-container").error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace labgpu
