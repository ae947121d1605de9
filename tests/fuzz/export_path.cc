// Fuzzes the path that a user wants an image exported to: a file comes into being in the home or in
// a mount that can be written to, or nowhere, whatever is in the path and in the directories.
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "helper/user_file.h"
#include "tests/fuzz/target.h"
#include "tests/support/temporary_directory.h"

namespace labgpu::test {
namespace {

namespace fs = std::filesystem;

// A home with what may lead out of it, a mount that can be written to and one that cannot, and a
// directory beside them that is nobody's business.
struct Server {
  Server() {
    for (const char* one : {"home/d/e", "data", "fixed", "outside"}) {
      fs::create_directories(directory / one);
    }
    std::ofstream(directory / "home/file") << "1";
    fs::create_symlink(directory / "outside", directory / "home/out");
    fs::create_symlink("../outside/new", directory / "home/new");
    account.name = "alice";
    account.uid = geteuid();
    account.gid = getegid();
    account.home = directory / "home";
    mounts = {{directory / "data", "/data", false}, {directory / "fixed", "/fixed", true}};
  }
  // Every file that is there, but for what the fuzzer may make.
  [[nodiscard]] size_t count(const char* where) const {
    size_t files = 0;
    for ([[maybe_unused]] const auto& one : fs::recursive_directory_iterator(directory / where)) {
      ++files;
    }
    return files;
  }

  TemporaryDirectory directory;
  Account account;
  std::vector<Mount> mounts;
};

}  // namespace
}  // namespace labgpu::test

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using labgpu::test::promise;
  static const labgpu::test::Server server;
  const std::string path(reinterpret_cast<const char*>(data), size);
  {
    auto file = labgpu::UserFile::create(server.account, server.mounts, path);
    if (file) {
      promise(server.count("home") + server.count("data") == 6, "there is one file more");
      promise(file->path().ends_with(path), "the file is where it was asked for");
    } else {
      promise(!file.error().message.empty(), "a refusal says why");
    }
  }
  promise(server.count("home") == 5 && server.count("data") == 0, "nothing is left of it");
  promise(server.count("fixed") == 0 && server.count("outside") == 0, "nothing is elsewhere");
  return 0;
}
