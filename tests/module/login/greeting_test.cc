// What a person is told before the shell of a login starts, and who is told nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>

#include "common/packet_socket.h"
#include "tests/module/login/container.h"
#include "tests/module/login/helper_double.h"
#include "tests/module/login/session_process.h"
#include "tests/module/login/test_world.h"

namespace labgpu::login_test {
namespace {

using testing::HasSubstr;
using testing::Not;

Deadline soon() { return Deadline::after_ms(5000); }

class GreetingTest : public testing::Test {
 protected:
  void SetUp() override {
    write_file(container_.path("/etc/motd"), "the image's words\n");
    container_.start();
    helper_.on_greet = [this](int peer, const Greet& greet) {
      ++asked_;
      language_ = greet.language;
      answer_(peer);
    };
  }
  static void say(int peer, std::string_view text) {
    unsigned char buffer[kSmallPacket];
    EXPECT_EQ(send_message(peer, Hello{}, soon()), 0);
    EXPECT_EQ(send_message(peer, Greeting{text}, buffer, soon()), 0);
  }
  // What a login without a command shows until its shell has done what it was told.
  std::string login(const std::vector<std::string>& environment = kLoginEnvironment) {
    TerminalSession session(std::nullopt, nullptr, environment);
    session.type("echo shell-$((6 * 7)); exit\n");
    EXPECT_TRUE(session.expect("shell-42"));
    session.read_to_end();
    return session.seen();
  }

  Container container_;
  HelperDouble helper_{container_};
  std::atomic<int> asked_ = 0;
  std::atomic<int> language_ = -1;
  std::function<void(int)> answer_ = [](int peer) { say(peer, "first\nsecond\n"); };
};

TEST_F(GreetingTest, StandsBeforeTheImagesWordsAndTheShell) {
  auto seen = login();
  auto first = seen.find("first\r\nsecond\r\n");
  auto motd = seen.find("the image's words\r\n");
  auto shell = seen.find("shell-42");
  ASSERT_NE(first, std::string::npos) << seen;
  ASSERT_NE(motd, std::string::npos) << seen;
  EXPECT_LT(first, motd);
  EXPECT_LT(motd, shell);
  EXPECT_EQ(seen.find("first", first + 1), std::string::npos) << "told twice";
  EXPECT_EQ(asked_, 1);
  EXPECT_EQ(language_, static_cast<int>(GreetingLanguage::kEnglish));
}

TEST_F(GreetingTest, IsAskedForInTheLanguageOfTheLogin) {
  auto environment = kLoginEnvironment;
  environment.emplace_back("LC_ALL=zh_CN.UTF-8");
  login(environment);
  EXPECT_EQ(language_, static_cast<int>(GreetingLanguage::kChinese));
}

TEST_F(GreetingTest, OnlyALoginShellAtATerminalAsks) {
  TerminalSession terminal("echo ok");
  terminal.read_to_end();
  EXPECT_EQ(terminal.seen(), "ok\r\n");
  EXPECT_EQ(run("echo ok").out, "ok\n");
  Finished piped = PipeSession(arguments_for(std::nullopt)).finish("echo ok\n");
  EXPECT_THAT(piped.out, HasSubstr("ok\n"));
  EXPECT_EQ(asked_, 0);
}

TEST_F(GreetingTest, AQuietLoginAsksNothing) {
  std::string home = "/run/labgpu/quiet";
  std::filesystem::create_directories(home);
  write_file(home + "/.hushlogin", "");
  auto environment = kLoginEnvironment;
  environment.push_back("HOME=" + home);
  EXPECT_THAT(login(environment), Not(HasSubstr("first")));
  EXPECT_EQ(asked_, 0);
}

TEST_F(GreetingTest, AHelperThatDoesNotAnswerIsNotWaitedFor) {
  answer_ = [](int) { pause_ms(4000); };
  auto begun = std::chrono::steady_clock::now();
  auto seen = login();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::milliseconds(3000));
  EXPECT_EQ(asked_, 1);
  EXPECT_THAT(seen, HasSubstr("the image's words"));
}

TEST_F(GreetingTest, WhateverElseTheHelperSaysIsNotShown) {
  const std::vector<std::function<void(int)>> answers = {
      [](int) {},
      [](int peer) { say(peer, ""); },
      [](int peer) {
        EXPECT_EQ(send_message(peer, Failure{.code = 6, .sentence = "first"}, soon()), 0);
      },
      [](int peer) {
        EXPECT_EQ(send_message(peer, Hello{}, soon()), 0);
        EXPECT_EQ(send_raw(peer, MessageType::kGreeting, {}, {}, soon()), 0);
      },
      [](int peer) {
        EXPECT_EQ(send_message(peer, Hello{}, soon()), 0);
        EXPECT_EQ(send_message(peer, Failure{.code = 4, .sentence = "first"}, soon()), 0);
      },
  };
  for (const auto& answer : answers) {
    answer_ = answer;
    auto seen = login();
    EXPECT_THAT(seen, Not(HasSubstr("first")));
    EXPECT_THAT(seen, Not(HasSubstr("labgpu:")));
  }
}

}  // namespace
}  // namespace labgpu::login_test
