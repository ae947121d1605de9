// A container is made anew while requests to Docker are lost, one after the other: whatever
// happens, the account has one container that runs, with what was in it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "tests/module/docker/docker_fixture.h"

namespace labgpu {
namespace {

using namespace testing_support;

constexpr int kEver = std::numeric_limits<int>::max();

class RebuildFaultsTest : public DockerFixture, public testing::WithParamInterface<bool> {
 protected:
  [[nodiscard]] static bool answer_only() { return GetParam(); }
  Result<void> rebuild(const Account& account) {
    return run_task(loop_, manager_->rebuild(account, true, [](const char*) {}));
  }
  static std::string containers(const Account& account) {
    return output_of("docker ps -a --format '{{.Names}} {{.State}}' --filter name=" + account.name);
  }
  // A helper starts, finds what the one before left, and ends it.
  void expect_one_that_runs(const Account& account, int lost) {
    proxy_->lose(0, 0, false);
    restart_helper();
    follow();
    std::string wanted = container_name(account) + " running";
    try {
      wait_until(
          [&] { return manager_->running(account) != nullptr && containers(account) == wanted; });
    } catch (const std::runtime_error&) {
      ADD_FAILURE() << "request " << lost << ": " << containers(account);
    }
    EXPECT_EQ(manager_->running(account)->id,
              output_of("docker inspect -f '{{.Id}}' " + container_name(account)));
    EXPECT_EQ(mark_of(account), "installed") << "request " << lost;
  }
};

// The helper is killed before a request, or when Docker has done it and the helper does not know.
TEST_P(RebuildFaultsTest, TheHelperEndsAtEachRequest) {
  Account account = make_account();
  ASSERT_TRUE(ensure(account));
  leave_mark(account, "installed");
  for (int request = 1; !HasFailure(); ++request) {
    proxy_->lose(request, kEver, answer_only());
    rebuild(account);
    bool all_passed = proxy_->lost() == 0;
    expect_one_that_runs(account, request);
    if (all_passed) return;
  }
}

// Docker fails once, and answers again.
TEST_P(RebuildFaultsTest, EachRequestFailsOnce) {
  Account account = make_account();
  ASSERT_TRUE(ensure(account));
  leave_mark(account, "installed");
  for (int request = 1; !HasFailure(); ++request) {
    std::string before = manager_->running(account)->id;
    proxy_->lose(request, request, answer_only());
    Result<void> done = rebuild(account);
    bool all_passed = proxy_->lost() == 0;
    ASSERT_NE(manager_->running(account), nullptr) << "request " << request;
    if (!done) {
      EXPECT_EQ(manager_->running(account)->id, before) << done.error().message;
    }
    expect_one_that_runs(account, request);
    if (all_passed) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Lost, RebuildFaultsTest, testing::Bool(),
                         [](const auto& of) { return of.param ? "TheAnswer" : "TheRequest"; });

}  // namespace
}  // namespace labgpu
