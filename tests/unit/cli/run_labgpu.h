// Runs labgpu's own command line in the test, and keeps what it printed.
#pragma once

#include <string>
#include <vector>

namespace labgpu {

struct Ran {
  int status = 0;
  std::string out;
  std::string err;
};

// `input` is the standard input.
Ran run_labgpu(const std::vector<std::string>& arguments, const std::string& input = "");

}  // namespace labgpu
