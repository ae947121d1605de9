// A helper that a test scripts: it listens like labgpud and does with each connection what it is
// told.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "common/unique_fd.h"
#include "tests/unit/cli/temporary_directory.h"

namespace labgpu {

class FakeHelper {
 public:
  // What happens on one connection; the descriptor is closed when it returns.
  using Behaviour = std::function<void(int fd)>;

  // Reads one request from each connection and hands out the replies in turn.
  explicit FakeHelper(std::vector<nlohmann::json> replies);
  explicit FakeHelper(Behaviour behaviour);
  ~FakeHelper();
  FakeHelper(const FakeHelper&) = delete;
  FakeHelper& operator=(const FakeHelper&) = delete;

  [[nodiscard]] const std::string& socket() const { return path_; }
  // What was asked so far.
  std::vector<nlohmann::json> requests();

 private:
  void listen_and_serve();
  void serve();
  void answer(int fd);

  TemporaryDirectory directory_;
  std::string path_;
  UniqueFd listener_;
  Behaviour behaviour_;
  std::mutex mutex_;
  std::deque<nlohmann::json> replies_;
  std::vector<nlohmann::json> requests_;
  std::thread thread_;
};

// One message without its NUL; empty at the end of the stream.
std::string read_message(int fd);
void write_bytes(int fd, const std::string& bytes);

}  // namespace labgpu
