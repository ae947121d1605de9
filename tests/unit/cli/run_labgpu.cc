// Runs labgpu's own command line in the test.
#include "tests/unit/cli/run_labgpu.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "cli/command_line.h"
#include "common/unique_fd.h"
#include "tests/unit/cli/temporary_directory.h"

namespace labgpu {

Ran run_captured(const CommandLineRunner& run, const std::vector<std::string>& arguments) {
  std::vector<const char*> argv{"labgpu"};
  for (const auto& argument : arguments) argv.push_back(argument.c_str());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Ran ran;
  ran.status = run(static_cast<int>(argv.size()), argv.data());
  ran.out = testing::internal::GetCapturedStdout();
  ran.err = testing::internal::GetCapturedStderr();
  return ran;
}

Ran run_with_input(const CommandLineRunner& run, const std::vector<std::string>& arguments,
                   const std::string& input) {
  TemporaryDirectory directory;
  put(directory / "input", input);
  UniqueFd before(dup(STDIN_FILENO));
  UniqueFd file(open((directory / "input").c_str(), O_RDONLY | O_CLOEXEC));
  dup2(file.get(), STDIN_FILENO);
  auto ran = run_captured(run, arguments);
  if (before.valid()) dup2(before.get(), STDIN_FILENO);
  return ran;
}

Ran run_labgpu(const std::vector<std::string>& arguments, const std::string& input) {
  return run_with_input(run_command_line, arguments, input);
}

}  // namespace labgpu
