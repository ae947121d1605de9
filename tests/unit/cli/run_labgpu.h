// Runs labgpu's own command line in the test, and keeps what it printed.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace labgpu {

struct Ran {
  int status = 0;
  std::string out;
  std::string err;
};

// Runs a command line (argc and argv, from the program's name on) of that kind.
using CommandLineRunner = std::function<int(int argc, const char* const* argv)>;
Ran run_captured(const CommandLineRunner& run, const std::vector<std::string>& arguments);

// The same, with `input` as the standard input.
Ran run_with_input(const CommandLineRunner& run, const std::vector<std::string>& arguments,
                   const std::string& input);

// The administrator's command.
Ran run_labgpu(const std::vector<std::string>& arguments, const std::string& input = "");

}  // namespace labgpu
