// Greetings put together: what is told, and that nothing that hangs delays them.
#include "helper/greeting.h"

#include <gmock/gmock.h>
#include <poll.h>
#include <sys/socket.h>

#include <future>
#include <optional>

#include "helper/listener.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/helper_docker/run_task.h"
#include "tests/unit/helper_servers/fake_containers.h"

namespace labgpu::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using Clock = std::chrono::steady_clock;

constexpr char kReport[] =
    R"({"gpus":[{"index":"0","uuid":"GPU-a","name":"NVIDIA A100","utilization":9,
        "processes":[{"pid":4711}]},{"index":"1","name":"NVIDIA A100","processes":[]}]})";

class GreeterTest : public testing::Test {
 protected:
  GreeterTest() {
    Account account;
    account.name = "alice";
    account.uid = account.gid = 20001;
    account.home = directory_.path();
    account.settings.memory_bytes = uint64_t{16} << 30;
    account.settings.milli_cpus = 2500;
    alice_ = std::make_shared<const Account>(account);
    containers_.running_now["alice"] = own_process_as_container(directory_.path());
    containers_.users_of_processes[4711] = "bob";
  }
  Greeter make(AskDisk ask_disk = ask_kernel_for_disk, GreetingLimits limits = {}) {
    return Greeter(loop_, containers_, config_, built_in_greetings(), std::move(ask_disk), socket_,
                   limits);
  }
  std::string told(Greeter& greeter, GreetingLanguage language = GreetingLanguage::kEnglish) {
    return testing_support::run_task(loop_, greeter.greet(alice_, language, 3));
  }
  void listen() {
    auto listening = listen_at(socket_, SOCK_STREAM);
    ASSERT_TRUE(listening) << listening.error().message;
    gpus_ = std::move(*listening);
  }
  // Answers the next question for the GPUs, which may have come already.
  void answer_gpus(const std::string& text) {
    testing_support::run_until(loop_, [this] { return connection_.valid() || accept_gpus(); });
    ASSERT_EQ(send(connection_.get(), text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
    connection_.reset();
    for (int i = 0; i < 5; ++i) loop_.run_once(std::chrono::milliseconds(10));
  }
  bool accept_gpus() {
    pollfd waiting{gpus_.get(), POLLIN, 0};
    if (poll(&waiting, 1, 0) != 1) return false;
    connection_.reset(accept4(gpus_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    return connection_.valid();
  }

  TemporaryDirectory directory_;
  std::string socket_ = directory_ / "gpus";
  UniqueFd gpus_;
  UniqueFd connection_;
  EventLoop loop_;
  Config config_;
  FakeContainers containers_;
  AccountPointer alice_;
};

TEST_F(GreeterTest, TellsWhatIsThere) {
  containers_.ports = {{8888, 30012, false}};
  containers_.needs_rebuild = {"image"};
  auto greeter = make();
  EXPECT_THAT(told(greeter), AllOf(StartsWith("alice-VM on "), HasSubstr(", running, 3 logins\n"),
                                   HasSubstr(" of 16.0 GiB\n"), HasSubstr("CPUs     2.5\n"),
                                   HasSubstr("Disks    " + directory_.path() + ": "),
                                   HasSubstr("Ports    30012 -> 8888\n"),
                                   HasSubstr("its old image;"), Not(HasSubstr("GPUs"))));
  EXPECT_THAT(told(greeter, GreetingLanguage::kChinese), HasSubstr("3 个登录"));
}

TEST_F(GreeterTest, IsSilentWhenTheAdministratorWantsItSo) {
  auto greeter = make();
  config_.greeting = false;
  EXPECT_EQ(told(greeter), "");
  config_.greeting = true;
  greeter.set_templates({});
  EXPECT_EQ(told(greeter), "");
}

TEST_F(GreeterTest, IsAsciiWhereTheLocaleIs) {
  auto greeter = make();
  greeter.set_templates({*GreetingTemplate::parse("欢迎 {user}"), {}});
  EXPECT_EQ(told(greeter), "欢迎 alice\n");
  EXPECT_EQ(told(greeter, GreetingLanguage::kAsciiEnglish), "?? alice\n");
}

TEST_F(GreeterTest, AContainerThatIsNotKnownIsToldFromTheSettings) {
  containers_.outcome = fail(ErrorCode::kUnavailable, "Docker is down");
  auto greeter = make();
  EXPECT_THAT(told(greeter), HasSubstr(": image labgpu/default:latest, running, "));
}

TEST_F(GreeterTest, ADiskThatHangsIsLeftOut) {
  std::promise<void> let_go;
  auto released = let_go.get_future().share();
  auto ended = std::make_shared<std::promise<void>>();
  {
    auto greeter = make([released, ended](const std::string&) -> std::optional<DiskSpace> {
      released.wait();
      ended->set_value();
      return std::nullopt;
    });
    for (int i = 0; i < 3; ++i) {
      auto begun = Clock::now();
      EXPECT_THAT(told(greeter), AllOf(HasSubstr("CPUs"), Not(HasSubstr("Disks"))));
      EXPECT_LT(Clock::now() - begun, std::chrono::seconds(2));
    }
  }
  let_go.set_value();
  ended->get_future().wait();
}

TEST_F(GreeterTest, GpusThatAnswerLateAreToldTheNextTime) {
  listen();
  auto greeter = make();
  auto begun = Clock::now();
  EXPECT_THAT(told(greeter), AllOf(HasSubstr("CPUs"), Not(HasSubstr("GPUs"))));
  EXPECT_GE(Clock::now() - begun, std::chrono::milliseconds(190));
  answer_gpus(kReport);
  begun = Clock::now();
  EXPECT_THAT(told(greeter),
              HasSubstr("GPUs     0: A100, 9% busy, used by bob    1: A100, free\n"));
  EXPECT_LT(Clock::now() - begun, std::chrono::milliseconds(190));
  EXPECT_FALSE(accept_gpus()) << "asked again although the report is fresh";
}

TEST_F(GreeterTest, ManyAtOnceAskForTheGpusOnce) {
  listen();
  auto greeter = make(ask_kernel_for_disk, {.patience = std::chrono::seconds(20)});
  std::optional<std::string> one;
  std::optional<std::string> other;
  auto first =
      testing_support::keep_result(greeter.greet(alice_, GreetingLanguage::kEnglish, 1), one);
  auto second =
      testing_support::keep_result(greeter.greet(alice_, GreetingLanguage::kEnglish, 1), other);
  first.start();
  second.start();
  answer_gpus(kReport);
  testing_support::run_until(loop_, [&] { return first.done() && second.done(); });
  EXPECT_THAT(*one, HasSubstr("0: A100, 9% busy"));
  EXPECT_EQ(*one, *other);
  EXPECT_FALSE(accept_gpus());
}

TEST_F(GreeterTest, AnOldReportIsNotTold) {
  listen();
  auto greeter = make(ask_kernel_for_disk, {.gpus_fresh = std::chrono::seconds(0),
                                            .gpus_known = std::chrono::seconds(0)});
  told(greeter);
  answer_gpus(kReport);
  EXPECT_THAT(told(greeter), Not(HasSubstr("GPUs")));
  EXPECT_TRUE(accept_gpus()) << "not asked again";
}

TEST_F(GreeterTest, OnlyTheAccountsOwnGpus) {
  listen();
  auto greeter = make();
  told(greeter);
  answer_gpus(kReport);
  auto with = [&](const char* gpus) {
    Account account = *alice_;
    account.settings.gpus = parse_gpus(gpus).value();
    alice_ = std::make_shared<const Account>(account);
    return told(greeter);
  };
  EXPECT_THAT(with("1"), HasSubstr("GPUs     1: A100, free\n"));
  EXPECT_THAT(with("GPU-a"), HasSubstr("GPUs     0: A100, 9% busy, used by bob\n"));
  EXPECT_THAT(with("none"), Not(HasSubstr("GPUs")));
  EXPECT_THAT(with("count:1"), HasSubstr("1: A100, free"));
}

TEST_F(GreeterTest, MayBeBrokenOff) {
  listen();
  auto greeter = make();
  {
    auto greeting = greeter.greet(alice_, GreetingLanguage::kEnglish, 1);
    greeting.start();
    loop_.run_once(std::chrono::milliseconds(1));
  }
  answer_gpus(kReport);
  EXPECT_THAT(told(greeter), HasSubstr("GPUs"));
}

}  // namespace
}  // namespace labgpu::test
