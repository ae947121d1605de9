// Containers made, started, watched and ended through the manager, as Docker and the kernel see
// them.
#include "helper/container_manager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/module/docker/docker_fixture.h"

namespace labgpu {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using namespace testing_support;

class ContainerManagerTest : public DockerFixture {};

Task<void> count_ensure(ContainerManager& manager, Account account, std::vector<Running>& out) {
  Result<Running> running = co_await manager.ensure_running(std::move(account));
  out.push_back(running.value_or(nullptr));
}

TEST_F(ContainerManagerTest, TwentyAtOnceMakeOneContainer) {
  Account account = make_account();
  EXPECT_EQ(manager_->running(account), nullptr);
  std::vector<Running> out;
  for (int i = 0; i < 20; ++i) spawn(count_ensure(*manager_, account, out));
  wait_until([&] { return out.size() == 20; });
  ASSERT_NE(out[0], nullptr);
  for (const Running& one : out) EXPECT_EQ(one, out[0]);
  EXPECT_EQ(output_of("docker ps -aq --no-trunc --filter name=" + container_name(account)),
            out[0]->id);
}

TEST_F(ContainerManagerTest, WhatIsOpenedIsTheContainers) {
  Account account = make_account();
  Result<Running> running = ensure(account);
  ASSERT_TRUE(running) << running.error().message;
  std::string pid = output_of("docker inspect -f '{{.State.Pid}}' " + (*running)->id);
  EXPECT_EQ(std::to_string((*running)->init_pid), pid);
  auto link = [](const UniqueFd& fd) {
    return fs::read_symlink("/proc/self/fd/" + std::to_string(fd.get())).string();
  };
  EXPECT_EQ(link((*running)->net_namespace), namespace_of(pid, "net"));
  EXPECT_EQ(link((*running)->uts_namespace), namespace_of(pid, "uts"));
  EXPECT_NE(link((*running)->net_namespace), namespace_of("self", "net"));
  std::string own = state_directory() + "/containers/" + account.name;
  EXPECT_EQ(link((*running)->tmp_directory), own + "/tmp");
  EXPECT_EQ(link((*running)->run_directory), own + "/run");
  struct stat outside {};
  struct stat inside {};
  ASSERT_EQ(fstat((*running)->tmp_directory.get(), &outside), 0);
  ASSERT_EQ(stat(("/proc/" + pid + "/root/tmp").c_str(), &inside), 0);
  EXPECT_EQ(outside.st_ino, inside.st_ino);
  EXPECT_EQ(outside.st_mode & 07777, 01777U);
}

TEST_F(ContainerManagerTest, DockerAgreesWithTheSettings) {
  Account account = make_account();
  fs::create_directory(directory_ + "/data");
  account.settings.mounts = {{directory_ + "/data", "/data", true}};
  account.settings.hostname = "box-{user}";
  Result<Running> running = ensure(account);
  ASSERT_TRUE(running) << running.error().message;
  auto inspect = [&](const std::string& format) {
    return output_of("docker inspect -f '" + format + "' " + (*running)->id);
  };
  EXPECT_EQ(inspect("{{.Name}}"), "/" + container_name(account));
  EXPECT_EQ(inspect("{{.Config.Hostname}}"), "box-" + account.name);
  EXPECT_EQ(inspect("{{.HostConfig.ShmSize}} {{.HostConfig.RestartPolicy.Name}}"),
            "1048576 unless-stopped");
  EXPECT_THAT(inspect("{{json .Mounts}}"), AllOf(HasSubstr("\"" + account.home + "\""),
                                                 HasSubstr("/.labgpu/run"), HasSubstr("/data")));
  EXPECT_EQ(
      inspect("{{.HostConfig.LogConfig.Type}} {{index .HostConfig.LogConfig.Config \"max-size\"}}"),
      output_of("docker info -f '{{.LoggingDriver}}'") + " 50m");
}

TEST_F(ContainerManagerTest, RunningAsksDockerNothing) {
  Account account = make_account();
  ASSERT_TRUE(ensure(account));
  uint64_t before = docker_->request_count();
  EXPECT_NE(manager_->running(account), nullptr);
  EXPECT_TRUE(ensure(account));
  EXPECT_EQ(docker_->request_count(), before);
}

TEST_F(ContainerManagerTest, EndIsNoticedWithoutDockersEvents) {
  for (const char* end : {"docker kill ", "docker stop ", "docker rm -f "}) {
    Account account = make_account();
    Result<Running> running = ensure(account);
    ASSERT_TRUE(running) << running.error().message;
    output_of(end + (*running)->id);
    wait_until([&] { return manager_->running(account) == nullptr; });
  }
}

TEST_F(ContainerManagerTest, StoppedContainerIsStartedAgain) {
  Account account = make_account();
  Result<Running> first = ensure(account);
  ASSERT_TRUE(first);
  ASSERT_TRUE(run_task(loop_, manager_->stop(account)));
  EXPECT_EQ(manager_->running(account), nullptr);
  EXPECT_EQ(output_of("docker inspect -f '{{.State.Status}}' " + (*first)->id), "exited");
  Result<Running> second = ensure(account);
  ASSERT_TRUE(second);
  EXPECT_EQ((*second)->id, (*first)->id);
  EXPECT_NE((*second)->init_pid, (*first)->init_pid);
}

TEST_F(ContainerManagerTest, RestartIsAnotherProcessOfTheSameContainer) {
  Account account = make_account();
  Result<Running> first = ensure(account);
  ASSERT_TRUE(first);
  ASSERT_TRUE(run_task(loop_, manager_->restart(account)));
  Running second = manager_->running(account);
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(second->id, (*first)->id);
  EXPECT_NE(second->init_pid, (*first)->init_pid);
}

TEST_F(ContainerManagerTest, StartFromOutsideIsNoticed) {
  Account account = make_account();
  Result<Running> first = ensure(account);
  ASSERT_TRUE(first);
  follow();
  ASSERT_TRUE(run_task(loop_, manager_->stop(account)));
  output_of("docker start " + (*first)->id);
  wait_until([&] { return manager_->running(account) != nullptr; });
}

TEST_F(ContainerManagerTest, PausedContainerIsResumed) {
  Account account = make_account();
  Result<Running> first = ensure(account);
  ASSERT_TRUE(first);
  follow();
  output_of("docker pause " + (*first)->id);
  wait_until([&] { return manager_->running(account) == nullptr; });
  ASSERT_TRUE(ensure(account));
  EXPECT_EQ(output_of("docker inspect -f '{{.State.Status}}' " + (*first)->id), "running");
}

TEST_F(ContainerManagerTest, NewManagerRebuildsItsMemory) {
  Account account = make_account();
  Result<Running> first = ensure(account);
  ASSERT_TRUE(first);
  manager_ = make_manager();
  EXPECT_EQ(manager_->running(account), nullptr);
  manager_->start_following([](const EngineInfo&) {});
  wait_until([&] { return manager_->running(account) != nullptr; });
  EXPECT_EQ(manager_->running(account)->init_pid, (*first)->init_pid);
}

TEST_F(ContainerManagerTest, LosingDockerKeepsWhatRuns) {
  Account account = make_account();
  Account other = make_account("b");
  follow();
  ASSERT_TRUE(ensure(account));
  ASSERT_TRUE(ensure(other));
  proxy_->cut();
  Result<ContainerStatus> status = run_task(loop_, manager_->status(account));
  ASSERT_TRUE(status);
  EXPECT_EQ(status->state, ContainerState::kUnknown);
  EXPECT_TRUE(ensure(account));
  output_of("docker kill " + container_name(other));
  wait_until([&] { return manager_->running(other) == nullptr; });
  Result<Running> refused = ensure(other);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(refused.error().message, HasSubstr("systemctl status docker"));
  EXPECT_NE(manager_->running(account), nullptr);

  // Docker starts it while nobody listens: found when the connection is back.
  output_of("docker start " + container_name(other));
  proxy_->restore();
  wait_until([&] { return manager_->running(other) != nullptr; });
  EXPECT_NE(manager_->running(account), nullptr);
}

TEST_F(ContainerManagerTest, WorkGoesOnWithoutTheClient) {
  Account account = make_account();
  {
    std::optional<Result<Running>> out;
    auto task = manager_->ensure_running(account);
    Task<void> client = keep_result(std::move(task), out);
    client.start();
    uint64_t before = docker_->request_count();
    wait_until([&] { return docker_->request_count() > before; });
  }
  wait_until([&] { return manager_->running(account) != nullptr; });
}

TEST_F(ContainerManagerTest, ManagerMayGoWhileItWorks) {
  std::vector<Running> out;
  Account account = make_account();
  Task<void> client = count_ensure(*manager_, account, out);
  client.start();
  std::optional<Result<void>> stopped;
  auto stop = manager_->stop(account);
  Task<void> stopper = keep_result(std::move(stop), stopped);
  stopper.start();  // waits for its turn
  uint64_t before = docker_->request_count();
  wait_until([&] { return docker_->request_count() > before; });
  manager_.reset();
  EXPECT_TRUE(out.empty());
  EXPECT_FALSE(stopped.has_value());
}

TEST_F(ContainerManagerTest, RemoveLeavesTheHome) {
  Account account = make_account();
  Result<Running> running = ensure(account);
  ASSERT_TRUE(running);
  std::string own = state_directory() + "/containers/" + account.name;
  EXPECT_TRUE(fs::exists(own + "/tmp"));
  ASSERT_TRUE(run_task(loop_, manager_->remove(account)));
  EXPECT_EQ(manager_->running(account), nullptr);
  EXPECT_FALSE(succeeds("docker inspect " + (*running)->id));
  EXPECT_FALSE(fs::exists(own));
  EXPECT_TRUE(fs::exists(account.home));
  EXPECT_TRUE(run_task(loop_, manager_->remove(account)));
}

TEST_F(ContainerManagerTest, WhoWaitsBehindARemovalGetsNoNewContainer) {
  Account account = make_account();
  ASSERT_TRUE(ensure(account));
  ASSERT_TRUE(run_task(loop_, manager_->stop(account)));
  std::optional<Result<void>> removed;
  auto remove = manager_->remove(account);
  Task<void> remover = keep_result(std::move(remove), removed);
  remover.start();
  std::optional<Result<Running>> started;
  auto start = manager_->ensure_running(account);
  Task<void> starter = keep_result(std::move(start), started);
  starter.start();
  wait_until([&] { return removed && started; });
  EXPECT_TRUE(*removed) << removed->error().message;
  ASSERT_FALSE(*started);
  EXPECT_EQ(started->error().code, ErrorCode::kUnavailable);
  EXPECT_FALSE(succeeds("docker inspect " + container_name(account)));
  EXPECT_FALSE(fs::exists(manager_->directory_of(account)));
  EXPECT_TRUE(ensure(account)) << "a later login is another matter";
}

TEST_F(ContainerManagerTest, WhatWasNeverMadeIsRemoved) {
  EXPECT_TRUE(run_task(loop_, manager_->remove(make_account())));
}

TEST_F(ContainerManagerTest, StatusFollowsTheContainer) {
  Account account = make_account();
  auto status = [&] { return run_task(loop_, manager_->status(account)).value(); };
  EXPECT_EQ(status().state, ContainerState::kAbsent);
  EXPECT_EQ(status().name, "");
  ASSERT_TRUE(ensure(account));
  ContainerStatus now = status();
  EXPECT_EQ(now.state, ContainerState::kRunning);
  EXPECT_EQ(now.user, account.name);
  EXPECT_EQ(now.name, container_name(account));
  EXPECT_EQ(now.image, image());
  EXPECT_EQ(now.id, manager_->running(account)->id);
  EXPECT_THAT(now.started_at, HasSubstr("T"));
  EXPECT_EQ(now.address, output_of("docker inspect -f '{{.NetworkSettings.IPAddress}}' " + now.id));
  ASSERT_TRUE(run_task(loop_, manager_->stop(account)));
  now = status();
  EXPECT_EQ(now.state, ContainerState::kStopped);
  EXPECT_EQ(now.started_at, "");
}

TEST_F(ContainerManagerTest, StoppingWhatIsNotThereIsAnError) {
  Result<void> stopped = run_task(loop_, manager_->stop(make_account()));
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, ErrorCode::kNotFound);
}

TEST_F(ContainerManagerTest, ContainerThatEndsAtOnceIsAnError) {
  Account account = make_account();
  account.settings.hostname = "dies-{user}";
  account.settings.restart = RestartPolicy::kNo;
  Result<Running> running = ensure(account);
  // On a machine under load it may be looked at while it still runs, and runs then.
  for (int again = 0; running && again < 20; ++again) {
    wait_until([&] { return manager_->running(account) == nullptr; });
    running = ensure(account);
  }
  ASSERT_FALSE(running);
  EXPECT_THAT(running.error().message,
              AllOf(HasSubstr("exit code 3"), HasSubstr("docker logs " + container_name(account))));
}

TEST_F(ContainerManagerTest, MissingHomeIsAnError) {
  Account account = make_account();
  fs::remove(account.home);
  Result<Running> running = ensure(account);
  ASSERT_FALSE(running);
  EXPECT_THAT(running.error().message, HasSubstr(account.home));
  EXPECT_FALSE(succeeds("docker inspect " + container_name(account)));
}

}  // namespace
}  // namespace labgpu
