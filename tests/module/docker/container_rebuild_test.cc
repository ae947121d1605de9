// Containers made anew: what is kept, what goes, and what their images say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "helper/container_spec.h"
#include "tests/module/docker/docker_fixture.h"

namespace labgpu {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using namespace testing_support;

class ContainerRebuildTest : public DockerFixture {
 protected:
  void TearDown() override {
    DockerFixture::TearDown();
    if (!own_image_.empty()) output_of("docker rmi -f " + own_image_);
  }
  Result<void> rebuild(const Account& account, bool keep) {
    return run_task(loop_, manager_->rebuild(account, keep, [](const char*) {}));
  }
  static std::string inspect(const Account& account, const std::string& format) {
    return output_of("docker inspect -f '" + format + "' " + container_name(account));
  }
  // The names of all containers that the account has.
  static std::string containers(const Account& account) {
    return output_of("docker ps -a --format '{{.Names}}' --filter name=" + account.name);
  }
  static int kept_images(const Account& account) {
    return std::stoi(output_of("docker images -q labgpu/kept/" + account.name + " | wc -l"));
  }
  // An image like the tests' own whose Config is `changes`, as of `docker import --change`.
  std::string make_image(const std::string& changes) {
    own_image_ = "labgpu-docker-test-config:" + std::to_string(getpid());
    output_of("d=$(mktemp -d) && mkdir $d/etc && tar -C $d -c . | docker import " + changes +
              " - " + own_image_ + " && rm -r $d");
    return own_image_;
  }

 private:
  std::string own_image_;
};

TEST_F(ContainerRebuildTest, KeepHasWhatWasInItAndTheNewSettings) {
  Account account = make_account();
  Result<Running> before = ensure(account);
  ASSERT_TRUE(before) << before.error().message;
  leave_mark(account, "installed");
  account.settings.hostname = "new-{user}";
  Result<void> done = rebuild(account, true);
  ASSERT_TRUE(done) << done.error().message;
  Running now = manager_->running(account);
  ASSERT_NE(now, nullptr);
  EXPECT_NE(now->id, (*before)->id);
  EXPECT_EQ(now->name, container_name(account));
  EXPECT_EQ(mark_of(account), "installed");
  EXPECT_EQ(inspect(account, "{{.Config.Hostname}}"), "new-" + account.name);
  EXPECT_EQ(containers(account), container_name(account));
  Result<ContainerStatus> status = run_task(loop_, manager_->status(account));
  ASSERT_TRUE(status);
  EXPECT_TRUE(status->rebuild.empty());
}

TEST_F(ContainerRebuildTest, FreshHasOnlyTheImage) {
  Account account = make_account();
  ASSERT_TRUE(ensure(account));
  leave_mark(account, "installed");
  ASSERT_TRUE(rebuild(account, true));
  EXPECT_EQ(kept_images(account), 1);
  Result<void> done = rebuild(account, false);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(mark_of(account), "");
  EXPECT_EQ(inspect(account, "{{.Config.Image}}"), image());
  EXPECT_EQ(containers(account), container_name(account));
  EXPECT_EQ(kept_images(account), 0) << "nothing is made from it any more";
}

TEST_F(ContainerRebuildTest, ANewImageDoesNotCountForWhatIsKept) {
  Account account = make_account();
  ASSERT_TRUE(ensure(account));
  leave_mark(account, "installed");
  account.settings.image = make_image("-c 'ENV A=1'");
  ASSERT_TRUE(rebuild(account, true));
  EXPECT_EQ(mark_of(account), "installed");
  auto changed = [&] { return run_task(loop_, manager_->status(account)).value().rebuild; };
  EXPECT_EQ(changed(), std::vector<std::string>{"image"});
  ASSERT_TRUE(rebuild(account, false));
  EXPECT_EQ(mark_of(account), "");
  EXPECT_TRUE(changed().empty());
}

TEST_F(ContainerRebuildTest, TwiceDoesNotPileUp) {
  Account account = make_account();
  account.settings.image = make_image(
      "-c 'CMD [\"/run-me\"]' -c 'ENV A=1' -c 'USER 7' -c 'WORKDIR /w' -c 'LABEL mine=yes'");
  account.settings.environment = Environment{{"B", "2"}, {"A", "other"}};
  ASSERT_TRUE(ensure(account));
  ASSERT_TRUE(rebuild(account, true));
  account.settings.environment.reset();
  ASSERT_TRUE(rebuild(account, true));
  ASSERT_TRUE(rebuild(account, true));
  EXPECT_EQ(kept_images(account), 1);
  json config = json::parse(output_of("docker image inspect -f '{{json .Config}}' " +
                                      inspect(account, "{{.Config.Image}}")));
  EXPECT_TRUE(config.value("Entrypoint", json()).empty()) << config;
  EXPECT_EQ(config["Cmd"], json({"/run-me"}));
  EXPECT_EQ(config["User"], "7");
  EXPECT_EQ(config["WorkingDir"], "/w");
  EXPECT_EQ(config["Labels"]["mine"], "yes");
  for (const auto& label : config["Labels"].items()) {
    if (label.key().starts_with(kOwnLabels)) {
      EXPECT_EQ(label.value(), "") << label.key();
    }
  }
  EXPECT_THAT(config["Env"], testing::UnorderedElementsAre("A=1", "B", "NVIDIA_VISIBLE_DEVICES"));
  std::string environment =
      output_of("tr '\\0' '\\n' </proc/" + inspect(account, "{{.State.Pid}}") + "/environ");
  EXPECT_THAT(environment, AllOf(HasSubstr("A=1"), testing::Not(HasSubstr("B="))));
}

TEST_F(ContainerRebuildTest, WhatWasStoppedIsStopped) {
  Account account = make_account();
  ASSERT_TRUE(ensure(account));
  leave_mark(account, "installed");
  ASSERT_TRUE(run_task(loop_, manager_->stop(account)));
  Result<void> done = rebuild(account, true);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(inspect(account, "{{.State.Status}}"), "exited");
  EXPECT_EQ(manager_->running(account), nullptr);
  EXPECT_EQ(mark_of(account), "installed");
  EXPECT_EQ(containers(account), container_name(account));
  EXPECT_TRUE(ensure(account));
}

TEST_F(ContainerRebuildTest, OneThatDoesNotRunLeavesTheOldOne) {
  for (const char* hostname : {"dies-{user}", "mute-{user}"}) {
    Account account = make_account(hostname[0] == 'd' ? "a" : "b");
    Result<Running> before = ensure(account);
    ASSERT_TRUE(before);
    leave_mark(account, "installed");
    Account changed = account;
    changed.settings.hostname = hostname;
    changed.settings.restart = RestartPolicy::kNo;
    Result<void> done = rebuild(changed, true);
    ASSERT_FALSE(done);
    EXPECT_THAT(done.error().message,
                HasSubstr("the container of " + account.name + " is as it was"));
    ASSERT_NE(manager_->running(account), nullptr);
    EXPECT_EQ(manager_->running(account)->id, (*before)->id);
    EXPECT_EQ(mark_of(account), "installed");
    EXPECT_EQ(containers(account), container_name(account));
    EXPECT_EQ(kept_images(account), 0);
  }
}

TEST_F(ContainerRebuildTest, WhatCannotBeHadIsSaidBeforeAnythingStops) {
  Account account = make_account();
  Result<Running> before = ensure(account);
  ASSERT_TRUE(before);
  Account changed = account;
  changed.settings.image = "labgpu/none:1";
  Result<void> done = rebuild(changed, false);
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, HasSubstr("labgpu/none:1 is not on this server"));
  EXPECT_EQ(manager_->running(account), *before);
  Result<void> none = rebuild(make_account("b"), true);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::kNotFound);
}

TEST_F(ContainerRebuildTest, VolumesOfAnImageAreNotLostSilently) {
  Account account = make_account();
  account.settings.image = make_image("-c 'VOLUME /var/lib/db'");
  Result<Running> before = ensure(account);
  ASSERT_TRUE(before) << before.error().message;
  Result<void> done = rebuild(account, true);
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, HasSubstr("/var/lib/db"));
  EXPECT_EQ(manager_->running(account), *before);
  EXPECT_TRUE(rebuild(account, false));
}

}  // namespace
}  // namespace labgpu
