// The profile script, read back by the shells that will read it.
#include "init/profile.h"

#include <gtest/gtest.h>
#include <stdio.h>

#include <fstream>
#include <memory>
#include <string>

namespace labgpu {
namespace {

// PATH as a child of `shell` sees it after the shell has read the script.
std::string path_after(const std::string& shell, const std::string& path) {
  auto script = std::make_unique<ProfileScript>();
  EXPECT_TRUE(make_profile_script(path, *script));
  std::string file = testing::TempDir() + "labgpu-profile-test.sh";
  std::ofstream(file) << script->view();
  std::string command = "PATH=/wrong " + shell + " -c '. \"" + file + "\"; /usr/bin/printenv PATH'";
  FILE* output = popen(command.c_str(), "r");
  std::string read;
  for (int c = getc(output); c != EOF; c = getc(output)) read += static_cast<char>(c);
  EXPECT_EQ(pclose(output), 0);
  remove(file.c_str());
  if (!read.empty()) read.pop_back();
  return read;
}

TEST(ProfileScript, GivesBackAnyPath) {
  const std::string paths[] = {"/opt/conda/bin:/usr/local/cuda/bin:/usr/bin",
                               "",
                               "/it's/here:/with space",
                               "/$HOME/`id`/$(id)/\\n/\"q\"/*",
                               "''':'",
                               "/new\nline",
                               "/中文"};
  for (const char* shell : {"/bin/dash", "/bin/bash"}) {
    for (const std::string& path : paths) EXPECT_EQ(path_after(shell, path), path) << shell;
  }
}

TEST(ProfileScript, RefusesAPathThatDoesNotFit) {
  auto script = std::make_unique<ProfileScript>();
  EXPECT_FALSE(make_profile_script(std::string(20000, 'x'), *script));
  EXPECT_TRUE(make_profile_script("/bin", *script));
}

}  // namespace
}  // namespace labgpu
