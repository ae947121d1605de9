// Snapshots of containers, as Docker has them, and containers made anew from them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "tests/module/docker/docker_fixture.h"

namespace labgpu {
namespace {

using ::testing::HasSubstr;
using namespace testing_support;

class ContainerSnapshotTest : public DockerFixture {
 protected:
  Result<Snapshot> snapshot(const Account& account, const std::string& name = "",
                            const std::string& note = "") {
    return run_task(loop_, manager_->snapshot(account, name, note));
  }
  std::vector<Snapshot> list(const Account& account) {
    Result<std::vector<Snapshot>> found = run_task(loop_, manager_->snapshots(account));
    EXPECT_TRUE(found) << found.error().message;
    return found.value_or(std::vector<Snapshot>{});
  }
  Result<std::string> restore(const Account& account, const std::string& name,
                              bool discard = false) {
    return run_task(loop_, manager_->restore(account, name, discard, [](const char*) {}));
  }
  Result<void> remove(const Account& account, const std::string& name) {
    return run_task(loop_, manager_->remove_snapshot(account, name));
  }
};

TEST_F(ContainerSnapshotTest, ItSaysWhatItIs) {
  Account account = make_account();
  Result<Running> running = ensure(account);
  ASSERT_TRUE(running);
  leave_mark(account, std::string(3000, 'x'));
  Result<Snapshot> made = snapshot(account, "first", "two words");
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(manager_->running(account), *running) << "it goes on running";
  EXPECT_EQ(made->image, "labgpu/snapshot/" + account.name + ":first");
  EXPECT_EQ(made->note, "two words");
  EXPECT_FALSE(made->automatic);
  EXPECT_GE(made->bytes, 3000U);
  EXPECT_LT(made->bytes, 100'000U);
  Result<Snapshot> unnamed = snapshot(account);
  ASSERT_TRUE(unnamed) << unnamed.error().message;
  EXPECT_THAT(unnamed->name, testing::MatchesRegex("[0-9]{8}-[0-9]{6}"));
  std::vector<Snapshot> all = list(account);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].name, "first");
  EXPECT_LT(all[0].made, all[1].made);
  output_of("docker image prune -f");
  EXPECT_EQ(list(account).size(), 2U);
}

TEST_F(ContainerSnapshotTest, BadNamesAndTooManyAreRefused) {
  Account account = make_account();
  account.settings.max_snapshots = 1;
  EXPECT_EQ(snapshot(account, "a").error().code, ErrorCode::kNotFound) << "no container";
  ASSERT_TRUE(ensure(account));
  for (const std::string& name : {std::string("-a"), std::string("a b"), std::string("../x"),
                                  std::string("a:b"), std::string(65, 'a')}) {
    Result<Snapshot> refused = snapshot(account, name);
    ASSERT_FALSE(refused) << name;
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
  }
  ASSERT_TRUE(snapshot(account, "one"));
  Result<Snapshot> refused = snapshot(account, "two");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("--remove one"));
  account.settings.max_snapshots = 2;
  EXPECT_EQ(snapshot(account, "one").error().code, ErrorCode::kExists);
  EXPECT_EQ(list(account).size(), 1U);
  ASSERT_TRUE(remove(account, "one"));
  EXPECT_EQ(remove(account, "one").error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(list(account).empty());
}

TEST_F(ContainerSnapshotTest, AnotherAccountOfThatNameHasNone) {
  Account account = make_account();
  ASSERT_TRUE(ensure(account));
  ASSERT_TRUE(snapshot(account, "mine"));
  Account later = account;
  later.uid = later.gid = account.uid + 1;
  EXPECT_TRUE(list(later).empty());
  EXPECT_EQ(remove(later, "mine").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(restore(later, "mine").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(list(account).size(), 1U);
}

TEST_F(ContainerSnapshotTest, RestoreGoesBackAndForth) {
  Account account = make_account();
  ASSERT_TRUE(ensure(account));
  leave_mark(account, "then");
  ASSERT_TRUE(snapshot(account, "then"));
  leave_mark(account, "now");
  Result<std::string> saved = restore(account, "then");
  ASSERT_TRUE(saved) << saved.error().message;
  EXPECT_EQ(mark_of(account), "then");
  ASSERT_EQ(list(account).size(), 2U);
  EXPECT_EQ(list(account)[1].name, *saved);
  EXPECT_TRUE(list(account)[1].automatic);
  EXPECT_THAT(list(account)[1].note, HasSubstr("then"));
  EXPECT_TRUE(remove(account, "then")) << "though the container is made from it";
  Result<std::string> back = restore(account, *saved, true);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, "");
  EXPECT_EQ(mark_of(account), "now");
  EXPECT_EQ(list(account).size(), 1U);
  ASSERT_NE(manager_->running(account), nullptr);
  EXPECT_TRUE(run_task(loop_, manager_->status(account))->rebuild.empty());
}

TEST_F(ContainerSnapshotTest, NothingIsLostWithoutAWord) {
  Account account = make_account();
  account.settings.max_snapshots = 1;
  Result<Running> running = ensure(account);
  ASSERT_TRUE(running);
  ASSERT_TRUE(snapshot(account, "then"));
  leave_mark(account, "now");
  Result<std::string> refused = restore(account, "then");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("would be lost"));
  EXPECT_EQ(manager_->running(account), *running);
  EXPECT_EQ(mark_of(account), "now");
  Account broken = account;
  broken.settings.hostname = "dies-{user}";
  broken.settings.restart = RestartPolicy::kNo;
  broken.settings.max_snapshots = 0;
  ASSERT_FALSE(restore(broken, "then"));
  EXPECT_EQ(manager_->running(account)->id, (*running)->id);
  EXPECT_EQ(list(account).size(), 1U) << "what was saved for nothing is gone";
  EXPECT_TRUE(restore(account, "then", true));
  EXPECT_EQ(mark_of(account), "");
}

TEST_F(ContainerSnapshotTest, AnExportIsAFileThatDockerLoads) {
  Account account = make_account();
  ASSERT_EQ(chown(account.home.c_str(), account.uid, account.gid), 0);
  ASSERT_TRUE(ensure(account));
  leave_mark(account, "then");
  ASSERT_TRUE(snapshot(account, "then"));
  leave_mark(account, "now");
  auto export_to = [&](const std::string& name, const std::string& file) {
    return run_task(loop_, manager_->export_image(account, name, file, [](const char*) {}));
  };
  Result<std::string> then = export_to("then", "then.tar");
  ASSERT_TRUE(then) << then.error().message;
  EXPECT_EQ(*then, account.home + "/then.tar");
  Result<std::string> now = export_to("", account.home + "/now.tar");
  ASSERT_TRUE(now) << now.error().message;
  EXPECT_EQ(output_of("docker images -q labgpu/kept/" + account.name), "");
  EXPECT_THAT(export_to("", "now.tar").error().message, HasSubstr("is there already"));
  EXPECT_EQ(export_to("none", "none.tar").error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(account.home + "/none.tar.part"));
  ASSERT_TRUE(remove(account, "then"));
  output_of("docker load -qi " + *then);
  EXPECT_EQ(list(account).size(), 1U) << "with its labels";
  ASSERT_TRUE(restore(account, "then", true));
  EXPECT_EQ(mark_of(account), "then");
}

TEST_F(ContainerSnapshotTest, OneIsRestoredWithoutAContainer) {
  Account account = make_account();
  ASSERT_TRUE(ensure(account));
  leave_mark(account, "then");
  ASSERT_TRUE(snapshot(account, "then"));
  output_of("docker rm -f " + container_name(account));
  Result<std::string> restored = restore(account, "then");
  ASSERT_TRUE(restored) << restored.error().message;
  EXPECT_EQ(*restored, "");
  EXPECT_EQ(mark_of(account), "then");
}

TEST_F(ContainerSnapshotTest, RemovingTheContainerForGoodTakesThemAlong) {
  Account account = make_account();
  ASSERT_TRUE(ensure(account));
  ASSERT_TRUE(snapshot(account, "then"));
  ASSERT_TRUE(run_task(loop_, manager_->remove(account)));
  EXPECT_TRUE(list(account).empty());
  EXPECT_FALSE(succeeds("docker image inspect labgpu/snapshot/" + account.name + ":then"));
}

}  // namespace
}  // namespace labgpu
