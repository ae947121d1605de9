// How runs of containers ended, from the events and states that Docker tells.
#include "helper/container_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/temporary_directory.h"
#include "tests/unit/helper_docker/run_task.h"

namespace labgpu {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing_support::run_until;

constexpr Microseconds kSecond = 1000000;
const ContainerOwner kAlice{"alice", 20001};

// Docker's clock: seconds after a moment of this year's.
std::string rfc3339(int second) {
  return "2026-05-01T12:00:" + std::string(second < 10 ? "0" : "") + std::to_string(second) + ".5Z";
}

class ContainerHistoryTest : public ::testing::Test {
 protected:
  ContainerHistoryTest() {
    std::filesystem::create_directories(state_.path() + "/containers/alice");
    restart_helper("boot one");
  }
  void restart_helper(const std::string& boot) {
    history_.reset();
    history_.emplace(loop_, state_.path(), boot);
  }
  static ContainerDetails running(int since, int finished_before = 0) {
    ContainerDetails details;
    details.id = "0123";
    details.name = "alice_container";
    details.state = "running";
    details.limits.memory_bytes = uint64_t{16} << 30;
    details.started_at = rfc3339(since);
    details.finished_at = finished_before == 0 ? "0001-01-01T00:00:00Z" : rfc3339(finished_before);
    return details;
  }
  static ContainerDetails stopped(int since, int finished, int64_t exit_code,
                                  bool oom_killed = false) {
    auto details = running(since, finished);
    details.state = "exited";
    details.exit_code = exit_code;
    details.oom_killed = oom_killed;
    return details;
  }
  void event(int second, const std::string& action, const std::string& exit_code = "") {
    auto at = moment_of(rfc3339(second));
    history_->take_event({.action = action,
                          .id = "0123",
                          .exit_code = exit_code,
                          .signal = "",
                          .nanoseconds = static_cast<int64_t>(at) * 1000});
  }
  // What the user would be told now; "" when nothing.
  std::string notice() {
    auto ending = history_->untold_ending("alice");
    return ending ? notice_of(*ending) : "";
  }
  EndCause cause() {
    auto ending = history_->last_ending("alice");
    EXPECT_TRUE(ending);
    return ending ? ending->cause : EndCause::kAsked;
  }

  EventLoop loop_;
  test::TemporaryDirectory state_;
  std::optional<ContainerHistory> history_;
};

TEST_F(ContainerHistoryTest, OutOfMemoryIsSaidWithTheLimitAndOnce) {
  history_->note_running(kAlice, running(1));
  event(10, "oom");
  event(10, "die", "137");
  history_->note_running(kAlice, running(20, 10));
  EXPECT_THAT(notice(), AllOf(HasSubstr("your container was ended by the kernel because it ran out "
                                        "of memory (limit 16g), on 2026-05-01 at "),
                              HasSubstr("started again, and its files are as they were")));
  history_->note_told("alice");
  EXPECT_EQ(notice(), "");
  EXPECT_EQ(cause(), EndCause::kOutOfMemory);
}

TEST_F(ContainerHistoryTest, TheKernelsWordMayComeAfterTheEnd) {
  history_->note_running(kAlice, running(1));
  event(10, "die", "137");
  EXPECT_EQ(cause(), EndCause::kKilled);
  event(11, "oom");
  EXPECT_EQ(cause(), EndCause::kOutOfMemory);
}

TEST_F(ContainerHistoryTest, OrOnlyInTheState) {
  history_->note_running(kAlice, running(1));
  event(10, "die", "137");
  history_->note_stopped(kAlice, stopped(1, 10, 137, true));
  EXPECT_EQ(cause(), EndCause::kOutOfMemory);
}

TEST_F(ContainerHistoryTest, AProcessThatWasKilledLongBeforeIsAnotherMatter) {
  history_->note_running(kAlice, running(1));
  event(10, "oom");
  EXPECT_EQ(history_->memory_kills("alice").count, 1U);
  EXPECT_EQ(history_->memory_kills("alice").last, moment_of(rfc3339(10)));
  event(40, "die", "137");
  history_->note_stopped(kAlice, stopped(1, 40, 137, true));
  EXPECT_EQ(cause(), EndCause::kKilled);
  history_->note_running(kAlice, running(50, 40));
  EXPECT_EQ(history_->memory_kills("alice").count, 0U);
}

TEST_F(ContainerHistoryTest, KilledFailedAndStopped) {
  struct Case {
    bool signal;
    const char* exit_code;
    EndCause cause;
  };
  int now = 1;
  for (const Case& c : {Case{true, "137", EndCause::kKilled}, Case{false, "137", EndCause::kKilled},
                        Case{false, "3", EndCause::kFailed}, Case{true, "0", EndCause::kStopped}}) {
    history_->note_running(kAlice, running(now));
    if (c.signal) event(now + 2, "kill");
    event(now + 2, "die", c.exit_code);
    EXPECT_EQ(cause(), c.cause) << c.exit_code;
    EXPECT_NE(notice(), "");
    now += 5;
  }
}

TEST_F(ContainerHistoryTest, WhatSomebodyAskedForIsNoSurprise) {
  history_->note_running(kAlice, running(1));
  history_->expect_end("alice", EndCause::kAsked);
  event(5, "kill");
  event(5, "die", "0");
  EXPECT_EQ(notice(), "");
  history_->note_running(kAlice, running(7, 5));
  event(9, "die", "0");  // from inside
  EXPECT_EQ(notice(), "");
}

TEST_F(ContainerHistoryTest, ButASurpriseIsNotForgottenOverIt) {
  history_->note_running(kAlice, running(1));
  event(3, "die", "3");
  history_->note_running(kAlice, running(4, 3));
  history_->expect_end("alice", EndCause::kAsked);
  event(5, "die", "0");
  EXPECT_THAT(notice(), HasSubstr("labgpu-init ended with status 3"));
}

TEST_F(ContainerHistoryTest, AnIdleStopIsTold) {
  history_->note_running(kAlice, running(1));
  history_->expect_end("alice", EndCause::kIdle);
  history_->note_stopped(kAlice, stopped(1, 5, 0));  // before the event
  event(5, "die", "0");
  EXPECT_THAT(notice(), HasSubstr("was stopped because it was idle"));
}

TEST_F(ContainerHistoryTest, AStopThatFailedIsForgotten) {
  history_->note_running(kAlice, running(1));
  history_->expect_end("alice", EndCause::kAsked);
  history_->expect_no_end("alice");
  event(5, "die", "137");
  EXPECT_EQ(cause(), EndCause::kKilled);
}

TEST_F(ContainerHistoryTest, DockersRestartIsWhenEventsWereLost) {
  history_->note_running(kAlice, running(1));
  history_->note_lost_events();
  history_->note_running(kAlice, running(1));  // live-restore: the same run
  EXPECT_EQ(notice(), "");
  history_->note_lost_events();
  history_->note_running(kAlice, running(9, 8));
  EXPECT_THAT(notice(), HasSubstr("because Docker was restarted"));
}

TEST_F(ContainerHistoryTest, AStopThatWasAPartOfDockersRestart) {
  history_->note_running(kAlice, running(1));
  event(5, "kill");
  event(5, "die", "0");
  EXPECT_EQ(cause(), EndCause::kStopped);
  history_->note_lost_events();
  history_->note_running(kAlice, running(9, 5));
  EXPECT_EQ(cause(), EndCause::kDockerRestart);
}

TEST_F(ContainerHistoryTest, AStopLongBeforeDockersRestartIsNone) {
  history_->note_running(kAlice, running(1));
  event(5, "kill");
  event(5, "die", "0");
  history_->note_lost_events();
  history_->note_stopped(kAlice, stopped(1, 5, 0));
  history_->note_running(kAlice, running(30, 5));
  EXPECT_EQ(cause(), EndCause::kStopped);
}

TEST_F(ContainerHistoryTest, TheServersRestartIsKnownByItsBoot) {
  history_->note_running(kAlice, running(1));
  restart_helper("boot two");
  history_->note_running(kAlice, running(30, 20));
  EXPECT_THAT(notice(), HasSubstr("because the server was restarted"));
  EXPECT_EQ(history_->untold_ending("alice")->at, moment_of(rfc3339(20)));
  // Who has not been told is told by the next helper.
  restart_helper("boot two");
  history_->note_running(kAlice, running(30, 20));
  EXPECT_THAT(notice(), HasSubstr("because the server was restarted"));
  history_->note_told("alice");
  restart_helper("boot two");
  history_->note_running(kAlice, running(30, 20));
  EXPECT_EQ(notice(), "");
}

TEST_F(ContainerHistoryTest, AnEndThatNobodySaw) {
  history_->note_running(kAlice, running(1));
  restart_helper("boot one");
  history_->note_running(kAlice, running(9, 8));
  EXPECT_THAT(notice(), HasSubstr("ended, and Docker started it again"));
}

TEST_F(ContainerHistoryTest, DockerMayStartItBeforeItTellsOfTheEnd) {
  history_->note_running(kAlice, running(1));
  history_->note_running(kAlice, running(6, 5));
  event(5, "die", "3");
  EXPECT_EQ(cause(), EndCause::kFailed);
  EXPECT_THAT(notice(), HasSubstr("status 3"));
  event(30, "die", "137");  // of the run that is there
  EXPECT_EQ(cause(), EndCause::kKilled);
}

TEST_F(ContainerHistoryTest, AnotherContainerHasNoPast) {
  history_->note_running(kAlice, running(1));
  event(5, "die", "137");
  auto other = running(9);
  other.id = "4567";
  history_->note_running(kAlice, other);
  EXPECT_EQ(notice(), "");
}

TEST_F(ContainerHistoryTest, ADamagedFileIsNoHistory) {
  auto file = state_.path() + "/containers/alice/history.json";
  for (const char* content : {"", "{", "[]", "5", R"({"container": 1})",
                              R"({"container":"0123","startedAt":"x","boot":"b","ending":[]})"}) {
    history_.reset();
    test::write_file(file, content);
    restart_helper("boot one");
    history_->note_stopped(kAlice, stopped(1, 5, 137));
    history_->note_running(kAlice, running(9, 5));
    EXPECT_EQ(notice(), "") << content;
  }
}

TEST_F(ContainerHistoryTest, IsWrittenByTheLoopAndGoesWithTheContainer) {
  auto file = state_.path() + "/containers/alice/history.json";
  history_->note_running(kAlice, running(1));
  EXPECT_FALSE(std::filesystem::exists(file));
  run_until(loop_, [&] { return std::filesystem::exists(file); });
  EXPECT_EQ(std::filesystem::status(file).permissions(), std::filesystem::perms(0600));
  history_->forget("alice");
  event(5, "die", "137");
  EXPECT_FALSE(history_->last_ending("alice"));
}

TEST(ContainerEnding, IsReadAsItIsWritten) {
  for (auto cause : {EndCause::kAsked, EndCause::kIdle, EndCause::kOutOfMemory, EndCause::kKilled,
                     EndCause::kFailed, EndCause::kStopped, EndCause::kDockerRestart,
                     EndCause::kServerRestart, EndCause::kUnseen}) {
    auto read = ending_from_json(to_json(ContainerEnding{cause, 5 * kSecond, 3, 7}));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->cause, cause);
    EXPECT_EQ(read->at, 5 * kSecond);
    EXPECT_EQ(read->exit_code, 3);
    EXPECT_EQ(read->memory_bytes, 7U);
  }
  EXPECT_FALSE(ending_from_json({{"cause", "magic"}}));
}

TEST(ContainerHistory, ThisBootHasAName) {
  EXPECT_GT(ContainerHistory::this_boot().size(), 36U);
  EXPECT_EQ(ContainerHistory::this_boot(), ContainerHistory::this_boot());
}

}  // namespace
}  // namespace labgpu
