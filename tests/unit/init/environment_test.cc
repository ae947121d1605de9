// The environment of a command: what replaces what, and what /etc/environment may say.
#include "init/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace labgpu {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> contents(Environment& environment) {
  std::vector<std::string> all;
  for (char* const* v = environment.pointers(); *v != nullptr; ++v) all.emplace_back(*v);
  return all;
}

std::vector<std::string> from_file(const std::string& text) {
  auto environment = std::make_unique<Environment>();
  add_environment_file(text, *environment);
  return contents(*environment);
}

TEST(Environment, ALaterValueReplacesAnEarlierOne) {
  auto environment = std::make_unique<Environment>();
  EXPECT_TRUE(environment->set("LANG", "C"));
  EXPECT_TRUE(environment->set("LANGUAGE=de"));
  EXPECT_TRUE(environment->set("LANG", "C.UTF-8"));
  EXPECT_THAT(contents(*environment), ElementsAre("LANG=C.UTF-8", "LANGUAGE=de"));
  EXPECT_TRUE(environment->has("LANG"));
  EXPECT_FALSE(environment->has("LAN"));
}

TEST(Environment, RefusesWhatIsNoAssignment) {
  auto environment = std::make_unique<Environment>();
  EXPECT_FALSE(environment->set("NOTHING"));
  EXPECT_FALSE(environment->set("=value"));
  EXPECT_FALSE(environment->set("A=B", "value"));
  EXPECT_THAT(contents(*environment), IsEmpty());
}

TEST(Environment, StaysWholeWhenItIsFull) {
  auto environment = std::make_unique<Environment>();
  std::string large(64 * 1024, 'x');
  int taken = 0;
  while (environment->set("V" + std::to_string(taken), large)) ++taken;
  EXPECT_EQ(taken, 3);  // of 256 KiB, names and NULs included
  int more = 0;
  while (environment->set("W" + std::to_string(more), "")) ++more;
  EXPECT_EQ(taken + more, 1024);
  EXPECT_EQ(contents(*environment).size(), 1024U);
  EXPECT_TRUE(environment->set("V0", "still replaced"));
}

TEST(ImageEnvironment, LeavesOutWhatBelongsToInit) {
  const char* own[] = {"PATH=/opt/conda/bin:/usr/bin",
                       "HOME=/root",
                       "HOSTNAME=ab12",
                       "TERM=xterm",
                       "CUDA_VERSION=12.4",
                       "EMPTY=",
                       "noequals",
                       "SHLVL=1",
                       nullptr};
  auto environment = std::make_unique<Environment>();
  add_image_environment(const_cast<char* const*>(own), *environment);
  EXPECT_THAT(contents(*environment),
              ElementsAre("PATH=/opt/conda/bin:/usr/bin", "CUDA_VERSION=12.4", "EMPTY="));
}

TEST(EnvironmentFile, IsReadAsPamEnvReadsIt) {
  EXPECT_THAT(from_file("# a comment\n"
                        "\n"
                        "  LANG=C.UTF-8  \n"
                        "export EDITOR=vim\n"
                        "QUOTED=\"two words\"\n"
                        "SINGLE='it''s'\n"
                        "CUT=yes # no\n"
                        "DOS=line\r\n"
                        "EMPTY=\n"
                        "EQUALS=a=b\n"
                        "LAST=without newline"),
              ElementsAre("LANG=C.UTF-8", "EDITOR=vim", "QUOTED=two words", "SINGLE=it''s",
                          "CUT=yes", "DOS=line", "EMPTY=", "EQUALS=a=b", "LAST=without newline"));
}

TEST(EnvironmentFile, SkipsWhatIsNotAnAssignment) {
  EXPECT_THAT(from_file("word\nBAD-NAME=1\n=x\nA B=1\nexport\n\"Q\"=1\n"), IsEmpty());
}

TEST(EnvironmentFile, DoesNotReplaceTheImagesPath) {
  auto environment = std::make_unique<Environment>();
  environment->set("PATH", "/usr/local/cuda/bin:/usr/bin");
  add_environment_file("PATH=\"/usr/bin:/usr/games\"\n", *environment);
  EXPECT_THAT(contents(*environment), ElementsAre("PATH=/usr/local/cuda/bin:/usr/bin"));
  EXPECT_THAT(from_file("PATH=/bin\n"), ElementsAre("PATH=/bin"));
}

}  // namespace
}  // namespace labgpu
