// A directory for one test.
#include "tests/unit/cli/temporary_directory.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace labgpu {

namespace fs = std::filesystem;

TemporaryDirectory::TemporaryDirectory() : path_("/tmp/labgpu-cli-test-XXXXXX") {
  if (mkdtemp(path_.data()) == nullptr) abort();
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code error;
  fs::remove_all(path_, error);
}

void put(const std::string& path, const std::string& text) {
  fs::create_directories(fs::path(path).parent_path());
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  ASSERT_TRUE(file.good()) << path;
}

std::string slurp(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

bool exists(const std::string& path) { return fs::exists(fs::symlink_status(path)); }

}  // namespace labgpu
