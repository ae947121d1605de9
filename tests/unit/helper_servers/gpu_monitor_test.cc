// What labgpu-gpus says, completed with whose the processes are, and what it says when it does not
// work.
#include "helper/gpu_monitor.h"

#include <gmock/gmock.h>
#include <poll.h>
#include <sys/socket.h>

#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "common/unique_fd.h"
#include "helper/listener.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/helper_docker/run_task.h"

namespace labgpu::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class GpuMonitorTest : public testing::Test {
 protected:
  // What the helper finds out when labgpu-gpus says `text`.
  Result<json> report(const std::string& text) {
    auto listener = listen_at(socket_, SOCK_STREAM);
    if (!listener) throw std::runtime_error(listener.error().message);
    std::thread answering([&] {
      pollfd waiting{listener->get(), POLLIN, 0};
      poll(&waiting, 1, 10'000);
      UniqueFd connection(accept4(listener->get(), nullptr, nullptr, SOCK_CLOEXEC));
      send(connection.get(), text.data(), text.size(), MSG_NOSIGNAL);
    });
    auto user_of = [](pid_t pid) { return pid == 4711 ? std::string("alice") : std::string(); };
    auto result = testing_support::run_task(loop_, ask_gpus(loop_, socket_, user_of));
    answering.join();
    return result;
  }

  TemporaryDirectory directory_;
  std::string socket_ = directory_ / "gpus";
  EventLoop loop_;
};

TEST_F(GpuMonitorTest, ProcessesAreOfUsers) {
  auto told = report(
      R"({"driver":"550","gpus":[{"index":"0","processes":[{"pid":4711,"memory":5},{"pid":7}]}]})");
  ASSERT_TRUE(told) << told.error().message;
  EXPECT_EQ((*told)["driver"], "550");
  EXPECT_EQ((*told)["gpus"][0]["processes"],
            json({{{"pid", 4711}, {"memory", 5}, {"user", "alice"}}, {{"pid", 7}}}));
}

TEST_F(GpuMonitorTest, WhatMakesNoSenseIsLeftOut) {
  auto told = report(R"({"gpus":[{"index":"0","processes":[7,{"pid":"x"},{"pid":-1},{}]}]})");
  ASSERT_TRUE(told) << told.error().message;
  EXPECT_EQ((*told)["gpus"][0]["processes"], json::array());
}

TEST_F(GpuMonitorTest, AProblemIsPassedOn) {
  EXPECT_EQ(report(R"({"problem":"this server has no NVIDIA driver"})").error().message,
            "this server has no NVIDIA driver");
}

TEST_F(GpuMonitorTest, NoAnswerAndAnotherOneAreSentences) {
  for (const char* text : {"", "{", "[]", "\xff"}) {
    EXPECT_THAT(report(text).error().message, HasSubstr("labgpu-gpus ended without an answer"))
        << text;
  }
  for (const char* text : {"{}", R"({"gpus":1})"}) {
    EXPECT_THAT(report(text).error().message, HasSubstr("another form")) << text;
  }
}

TEST_F(GpuMonitorTest, FarTooMuchIsNotKept) {
  EXPECT_THAT(report(std::string(size_t{5} << 20, ' ')).error().message, HasSubstr("too long"));
}

TEST_F(GpuMonitorTest, WhoAsksMeanwhileGetsTheSameAnswer) {
  auto listener = listen_at(socket_, SOCK_STREAM);
  ASSERT_TRUE(listener);
  GpuMonitor monitor(loop_, socket_, [](pid_t) { return std::string(); });
  std::vector<Result<json>> answers;
  TaskGroup askers;
  auto ask = [&]() -> Task<void> {
    auto asking = monitor.report();
    Result<json> told = co_await asking;
    answers.push_back(std::move(told));
  };
  for (int i = 0; i < 3; ++i) askers.add(ask());
  auto answer = [&](const std::string& text) {
    UniqueFd connection(accept4(listener->get(), nullptr, nullptr, SOCK_CLOEXEC));
    send(connection.get(), text.data(), text.size(), MSG_NOSIGNAL);
    connection.reset();
    auto before = answers.size();
    testing_support::run_until(loop_, [&] { return answers.size() > before; });
  };
  answer(R"({"gpus":[]})");
  ASSERT_EQ(answers.size(), 3U);
  pollfd waiting{listener->get(), POLLIN, 0};
  EXPECT_EQ(poll(&waiting, 1, 0), 0) << "one question for all";
  // The next one is asked anew.
  askers.add(ask());
  answer(R"({"problem":"gone"})");
  ASSERT_EQ(answers.size(), 4U);
  EXPECT_TRUE(answers[2]);
  EXPECT_FALSE(answers[3]);
}

TEST_F(GpuMonitorTest, WithoutTheSocketTheUnitIsNamed) {
  auto told = testing_support::run_task(
      loop_, ask_gpus(loop_, socket_, [](pid_t) { return std::string(); }));
  EXPECT_THAT(told.error().message, HasSubstr("systemctl status labgpu-gpus.socket"));
}

}  // namespace
}  // namespace labgpu::test
