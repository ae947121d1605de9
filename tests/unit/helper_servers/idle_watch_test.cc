// Containers that nobody uses, and those that somebody does.
#include "helper/idle_watch.h"

#include <gmock/gmock.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <thread>

#include "helper/listener.h"
#include "tests/support/paused_process.h"
#include "tests/support/pretended_cgroup.h"
#include "tests/unit/helper_docker/run_task.h"
#include "tests/unit/helper_servers/accounts.h"
#include "tests/unit/helper_servers/fake_containers.h"
#include "tests/unit/helper_servers/fake_logins.h"

namespace labgpu::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing_support::run_until;
using namespace std::chrono_literals;

class IdleWatchTest : public testing::Test {
 protected:
  IdleWatchTest() {
    accounts_.add("alice");
    policy_.defaults.idle_stop = 2;
    policy_.defaults.idle_warning = 1;
    run_container();
  }
  void run_container() {
    auto container = own_process_as_container(accounts_.directory.path());
    container->id = PretendedCgroup::kId;
    container->init_pid = init_.pid();
    auto network = "/proc/" + std::to_string(init_.pid()) + "/ns/net";
    container->net_namespace.reset(open(network.c_str(), O_RDONLY | O_CLOEXEC));
    containers_.running_now["alice"] = container;
  }
  void turn_loop(std::chrono::milliseconds time) {
    auto end = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < end) loop_.run_once(10ms);
  }
  bool was_asked() { return !containers_.asked.empty(); }

  EventLoop loop_;
  Accounts accounts_{loop_};
  PausedProcess init_;
  PretendedCgroup cgroup_{init_.pid()};
  FakeContainers containers_;
  FakeLogins logins_;
  SettingsPolicy policy_;
  std::string gpus_ = accounts_.directory / "gpus";
  IdleWatch watch_{loop_, *accounts_.store,   containers_, logins_, policy_,
                   gpus_, cgroup_.root.path()};
};

TEST_F(IdleWatchTest, StopsWhatNobodyUses) {
  auto begun = std::chrono::steady_clock::now();
  watch_.look_soon();
  EXPECT_FALSE(watch_.stop_of("alice"));  // nobody has looked twice
  run_until(loop_, [this] { return watch_.stop_of("alice").has_value(); });
  EXPECT_LE(*watch_.stop_of("alice"), now_in_microseconds() + 2000000);
  run_until(loop_, [this] { return was_asked(); });
  EXPECT_THAT(containers_.asked, ElementsAre("stop idle alice"));
  EXPECT_GE(std::chrono::steady_clock::now() - begun, 2s);
}

TEST_F(IdleWatchTest, NotWithoutASetting) {
  policy_.defaults.idle_stop = 0;
  watch_.look_soon();
  turn_loop(3500ms);
  EXPECT_THAT(containers_.asked, IsEmpty());
  EXPECT_FALSE(watch_.stop_of("alice"));
}

TEST_F(IdleWatchTest, NothingWakesTheHelperWithoutASetting) {
  policy_.defaults.idle_stop = 0;
  watch_.look_soon();
  turn_loop(500ms);
  // Nobody said so: nobody looks.
  policy_.defaults.idle_stop = 2;
  turn_loop(11000ms);
  EXPECT_THAT(containers_.asked, IsEmpty());
  EXPECT_FALSE(watch_.stop_of("alice"));
  watch_.look_soon();
  run_until(loop_, [this] { return was_asked(); });
}

TEST_F(IdleWatchTest, NotWhileSomebodyIsLoggedIn) {
  logins_.add("alice");
  watch_.look_soon();
  turn_loop(3500ms);
  EXPECT_THAT(containers_.asked, IsEmpty());
  EXPECT_FALSE(watch_.stop_of("alice"));
  logins_.open.clear();
  run_until(loop_, [this] { return was_asked(); });
}

TEST_F(IdleWatchTest, NotWhenSomebodyWasLoggedInBetweenTwoLooks) {
  watch_.look_soon();
  for (int i = 0; i < 7; ++i) {
    logins_.add("alice");
    logins_.open.clear();
    turn_loop(500ms);
  }
  EXPECT_THAT(containers_.asked, IsEmpty());
}

TEST_F(IdleWatchTest, NotWhileAJobRunsInTheBackground) {
  cgroup_.hold(std::to_string(init_.pid()) + "\n4711\n");
  watch_.look_soon();
  turn_loop(3500ms);
  EXPECT_THAT(containers_.asked, IsEmpty());
  EXPECT_FALSE(watch_.stop_of("alice"));
  cgroup_.hold(std::to_string(init_.pid()) + "\n");
  run_until(loop_, [this] { return was_asked(); });
}

// Its process is in no cgroup that is looked at, so that the driver alone knows.
TEST_F(IdleWatchTest, NotWhileItWorksOnAGpu) {
  containers_.users_of_processes[4711] = "alice";
  auto listener = listen_at(gpus_, SOCK_STREAM);
  ASSERT_TRUE(listener);
  std::atomic<bool> works = true;
  std::atomic<bool> done = false;
  std::atomic<int> asked = 0;
  std::thread driver([&] {
    while (!done) {
      pollfd waiting{listener->get(), POLLIN, 0};
      if (poll(&waiting, 1, 50) <= 0) continue;
      UniqueFd connection(accept4(listener->get(), nullptr, nullptr, SOCK_CLOEXEC));
      std::string processes = works ? R"({"pid":4711,"memory":5})" : "";
      auto text = R"({"driver":"550","gpus":[{"index":"0","processes":[)" + processes + "]}]}";
      EXPECT_GT(send(connection.get(), text.data(), text.size(), MSG_NOSIGNAL), 0);
      ++asked;
    }
  });
  watch_.look_soon();
  run_until(loop_, [&] { return asked > 0; });
  turn_loop(200ms);
  EXPECT_THAT(containers_.asked, IsEmpty());
  works = false;
  run_until(loop_, [this] { return was_asked(); });
  EXPECT_THAT(containers_.asked, ElementsAre("stop idle alice"));
  EXPECT_GT(asked, 1);
  done = true;
  driver.join();
}

// A login that only forwards, which a helper that was restarted does not know.
TEST_F(IdleWatchTest, NotWhileSomebodyIsInItsNetwork) {
  auto shared = std::make_shared<RunningContainer>();
  shared->id = PretendedCgroup::kId;
  shared->init_pid = init_.pid();
  shared->net_namespace.reset(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
  containers_.running_now["alice"] = shared;
  watch_.look_soon();
  turn_loop(4500ms);
  EXPECT_THAT(containers_.asked, IsEmpty());
}

TEST_F(IdleWatchTest, AContainerThatWasStartedAnewBeginsAnew) {
  watch_.look_soon();
  turn_loop(1500ms);
  containers_.running_now.clear();
  turn_loop(1100ms);
  EXPECT_FALSE(watch_.stop_of("alice"));
  run_container();
  turn_loop(1500ms);
  EXPECT_THAT(containers_.asked, IsEmpty());
  run_until(loop_, [this] { return was_asked(); });
}

}  // namespace
}  // namespace labgpu::test
