// Containers that are not what they seem: strangers with the name, images with the labels, former
// accounts, and accounts with two.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "helper/image_labels.h"
#include "tests/module/docker/docker_fixture.h"

namespace labgpu {
namespace {

using ::testing::HasSubstr;
using namespace testing_support;

class ForeignContainersTest : public DockerFixture {
 protected:
  // Runs a container that labgpu did not make; returns its id.
  static std::string run_stranger(const std::string& options) {
    return output_of(
        "docker run -d -v /usr/libexec/labgpu/guest:/x:ro --entrypoint /x/labgpu-init " + options +
        " " + image());
  }
  // The same with everything by which labgpu knows its own.
  void run_like_labgpus(const Account& account, const std::string& name,
                        const std::string& options) const {
    run_stranger(options + " --name " + name + " -v " + state_directory() + "/containers/" +
                 account.name + "/run:/.labgpu/run --label org.labgpu.user=" + account.name +
                 " --label org.labgpu.uid=" + std::to_string(account.uid));
  }
};

TEST_F(ForeignContainersTest, TakenNameIsAnError) {
  Account account = make_account();
  run_stranger("--name " + container_name(account));
  Result<Running> running = ensure(account);
  ASSERT_FALSE(running);
  EXPECT_EQ(running.error().code, ErrorCode::kExists);
  EXPECT_THAT(running.error().message,
              HasSubstr(container_name(account) + " of " + account.name + " is taken"));
}

TEST_F(ForeignContainersTest, LabelsOfAnImageFoolNobody) {
  Account account = make_account();
  std::string id =
      run_stranger("--name " + account.name + "-stranger --label org.labgpu.user=" + account.name +
                   " --label org.labgpu.uid=" + std::to_string(account.uid));
  follow();
  EXPECT_EQ(manager_->running(account), nullptr);
  output_of("docker restart -t 1 " + id);
  Result<Running> running = ensure(account);
  ASSERT_TRUE(running) << running.error().message;
  EXPECT_NE((*running)->id, id);
  ASSERT_TRUE(run_task(loop_, manager_->remove(account)));
  EXPECT_TRUE(succeeds("docker inspect " + id));
}

// Every list of containers would repeat them.
TEST_F(ForeignContainersTest, AnImageWithTooMuchInLabelsGetsNoContainer) {
  Account account = make_account();
  const std::string labelled = image() + "-labels";
  output_of("printf 'FROM %s\\nLABEL much=%s\\n' " + image() + " " +
            std::string(kMostLabelBytes, 'x') + " | docker build -q -t " + labelled + " -");
  account.settings.image = labelled;
  Result<Running> running = ensure(account);
  output_of("docker rmi " + labelled);
  ASSERT_FALSE(running);
  EXPECT_EQ(running.error().code, ErrorCode::kInvalid);
  EXPECT_THAT(running.error().message, HasSubstr("bytes in labels"));
  EXPECT_FALSE(succeeds("docker inspect " + container_name(account)));
}

TEST_F(ForeignContainersTest, FormerAccountsContainerIsNotHandedOut) {
  Account former = make_account();
  ASSERT_TRUE(ensure(former));
  Account account = former;
  account.uid += 1;
  EXPECT_EQ(manager_->running(account), nullptr);
  Result<Running> running = ensure(account);
  ASSERT_FALSE(running);
  EXPECT_EQ(running.error().code, ErrorCode::kExists);
  EXPECT_THAT(running.error().message, HasSubstr("former account"));

  ASSERT_TRUE(run_task(loop_, manager_->remove(account)));
  EXPECT_TRUE(succeeds("docker inspect " + container_name(former)));
  EXPECT_EQ(access((manager_->directory_of(former) + "/tmp").c_str(), F_OK), 0);
}

TEST_F(ForeignContainersTest, RenamedContainerIsStillTheAccounts) {
  Account account = make_account();
  Result<Running> first = ensure(account);
  ASSERT_TRUE(first);
  output_of("docker stop -t 1 " + (*first)->id);
  output_of("docker rename " + container_name(account) + " " + account.name + "-old");
  Result<Running> renamed = ensure(account);
  ASSERT_TRUE(renamed);
  EXPECT_EQ((*renamed)->id, (*first)->id);
}

TEST_F(ForeignContainersTest, OfTwoTheOneWithTheNameCounts) {
  Account account = make_account();
  Result<Running> first = ensure(account);
  ASSERT_TRUE(first);
  run_like_labgpus(account, account.name + "-second", "");
  manager_ = make_manager();
  Result<Running> chosen = ensure(account);
  ASSERT_TRUE(chosen) << chosen.error().message;
  EXPECT_EQ((*chosen)->id, (*first)->id);

  output_of("docker rename " + container_name(account) + " " + account.name + "-first");
  manager_ = make_manager();
  Result<Running> refused = ensure(account);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kExists);
  EXPECT_THAT(refused.error().message, HasSubstr("several containers"));
}

TEST_F(ForeignContainersTest, HostsNetworkIsRefused) {
  Account account = make_account();
  ASSERT_TRUE(ensure(account));
  ASSERT_TRUE(run_task(loop_, manager_->stop(account)));
  output_of("docker rm " + container_name(account));
  run_like_labgpus(account, container_name(account), "--network host");
  Result<Running> running = ensure(account);
  ASSERT_FALSE(running);
  EXPECT_THAT(running.error().message, HasSubstr("shares the host's ns/net"));
}

}  // namespace
}  // namespace labgpu
