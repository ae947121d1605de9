// What is taken for a command of labgpu's own, and how it comes apart.
#include "session/own_command.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "session/self_service.h"

namespace labgpu {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> words_of(std::string_view command) {
  CommandWords words;
  const char* problem = words.split(command);
  if (problem != nullptr) return {"refused", problem};
  EXPECT_EQ(words.words()[words.count()], nullptr);
  return {words.words(), words.words() + words.count()};
}

std::string refusal_of(std::string_view command) {
  auto words = words_of(command);
  return words.size() == 2 && words[0] == "refused" ? words[1] : "accepted";
}

TEST(OwnCommand, ItsFirstWordIsItsName) {
  for (const char* command : {"labgpu", "labgpu status", " \tlabgpu\tstatus", "labgpu 'a b'"}) {
    EXPECT_TRUE(is_own_command(command)) << command;
  }
  for (const char* command :
       {"", " ", "labgpus", "labgpu-self", "labgpu.sh status", "./labgpu", "/usr/bin/labgpu status",
        "sudo labgpu", "lab gpu", "'labgpu' status", "scp -t labgpu", "LABGPU=1 labgpu", "Labgpu",
        "command labgpu status", "labgpu/x", "labgpu=1", "rsync --server . labgpu"}) {
    EXPECT_FALSE(is_own_command(command)) << command;
  }
}

// Nobody who means the command by it shall get a shell in the container instead, or half of both.
TEST(OwnCommand, WhatAShellWouldTakeApartIsABadOne) {
  for (const char* command : {"labgpu;id", "labgpu; id", "labgpu|id", "labgpu&", "labgpu\nid",
                              "labgpu>x", "labgpu<x", "labgpu$(id)", "labgpu`id`", "labgpu(x)"}) {
    EXPECT_TRUE(is_own_command(command)) << command;
    EXPECT_NE(refusal_of(command), "accepted") << command;
  }
}

TEST(OwnCommand, BlanksPartWords) {
  EXPECT_THAT(words_of("labgpu"), ElementsAre("labgpu"));
  EXPECT_THAT(words_of("  labgpu \t kill  7 "), ElementsAre("labgpu", "kill", "7"));
}

TEST(OwnCommand, QuotesKeepThemTogether) {
  EXPECT_THAT(words_of("labgpu a' 'b \"c d\" e\\ f"), ElementsAre("labgpu", "a b", "c d", "e f"));
  EXPECT_THAT(words_of("labgpu '' \"\""), ElementsAre("labgpu", "", ""));
  EXPECT_THAT(words_of("labgpu '\\\"$x;`'"), ElementsAre("labgpu", "\\\"$x;`"));
  EXPECT_THAT(words_of("labgpu \"\\\"\\\\\\$\\`\\n';|\""), ElementsAre("labgpu", "\"\\$`\\n';|"));
  EXPECT_THAT(words_of("labgpu \\;\\$\\'"), ElementsAre("labgpu", ";$'"));
  EXPECT_THAT(words_of("labgpu 名前"), ElementsAre("labgpu", "名前"));
}

TEST(OwnCommand, NoShellReadsThem) {
  for (const char* command :
       {"labgpu status; id", "labgpu status | cat", "labgpu status && id", "labgpu $(id)",
        "labgpu `id`", "labgpu $HOME", "labgpu \"$HOME\"", "labgpu \"`id`\"", "labgpu status > x",
        "labgpu < x", "labgpu (x)", "labgpu *", "labgpu a?", "labgpu [a]"}) {
    EXPECT_THAT(refusal_of(command), HasSubstr("no shell reads")) << command;
  }
  EXPECT_THAT(refusal_of("labgpu status\nid"), HasSubstr("one line"));
  EXPECT_THAT(refusal_of("labgpu '\033[2J'"), HasSubstr("control characters"));
  EXPECT_THAT(refusal_of("labgpu 'a"), HasSubstr("closing quote"));
  EXPECT_THAT(refusal_of("labgpu \"a"), HasSubstr("closing quote"));
  EXPECT_THAT(refusal_of("labgpu a\\"), HasSubstr("backslash"));
}

TEST(OwnCommand, IsBounded) {
  std::string many = "labgpu";
  for (size_t i = 1; i < CommandWords::kMostWords; ++i) many += " x";
  EXPECT_EQ(words_of(many).size(), CommandWords::kMostWords);
  EXPECT_THAT(refusal_of(many + " x"), HasSubstr("too many words"));
  std::string longest = "labgpu " + std::string(CommandWords::kLongest - 8, 'x');
  EXPECT_EQ(words_of(longest).size(), 2U);
  EXPECT_THAT(refusal_of(longest + "x"), HasSubstr("too long"));
}

TEST(SelfEnvironment, OnlyTheTerminalAndTheLanguage) {
  for (const char* assignment :
       {"TERM=xterm-256color", "LANG=zh_CN.UTF-8", "LC_ALL=C", "LC_TIME=de_DE.ISO-8859-15@euro"}) {
    EXPECT_TRUE(passes_to_self(assignment)) << assignment;
  }
  for (const char* assignment :
       {"LD_PRELOAD=/x", "PATH=/x", "HOME=/x", "TERM=../x", "LANG=/tmp/x", "LC_ALL=", "LANG=a b",
        "LC_ALL=%n", "TERMINFO=/x", "LANGUAGE=de", "TERM", "TZ=/x", "SSH_TTY=/dev/pts/0",
        "LC_A/B=c", "GLIBC_TUNABLES=x", "LOCPATH=/x"}) {
    EXPECT_FALSE(passes_to_self(assignment)) << assignment;
  }
  EXPECT_FALSE(passes_to_self("LANG=" + std::string(65, 'x')));
}

}  // namespace
}  // namespace labgpu
