// Files that look like the cgroup of a process, wherever it really is: in a directory of the test's
// own, for the hierarchies of version 1 and for the one of version 2.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/temporary_directory.h"

namespace labgpu::test {

class PretendedCgroup {
 public:
  explicit PretendedCgroup(pid_t process) {
    std::ifstream lines("/proc/" + std::to_string(process) + "/cgroup");
    for (std::string line; std::getline(lines, line);) {
      auto controllers = line.substr(line.find(':') + 1);
      auto path = controllers.substr(controllers.find(':') + 1);
      controllers.resize(controllers.find(':'));
      directories_.push_back(root.path() + (controllers.empty() ? "" : "/" + controllers) + path);
      std::filesystem::create_directories(directories_.back());
    }
    hold(std::to_string(process) + "\n");
  }
  // What is in cgroup.procs; `below` is the name of a cgroup below the process's.
  void hold(const std::string& processes, const std::string& below = "") const {
    for (const auto& directory : directories_) {
      std::filesystem::create_directories(directory + "/" + below);
      write_file(directory + "/" + below + "/cgroup.procs", processes);
    }
  }
  // A part of every path: what looks for a container's id finds it.
  static constexpr char kId[] = "/";

  TemporaryDirectory root;

 private:
  std::vector<std::string> directories_;
};

}  // namespace labgpu::test
