// A Unix socket in front of Docker's that can be cut, as when Docker is stopped, or held, as when
// it hangs, while Docker runs on.
#pragma once

#include <atomic>
#include <list>
#include <mutex>
#include <string>
#include <thread>

#include "common/unique_fd.h"

namespace labgpu::testing_support {

class DockerProxy {
 public:
  // Listens on `path`.
  explicit DockerProxy(std::string path);
  ~DockerProxy();
  DockerProxy(const DockerProxy&) = delete;
  DockerProxy& operator=(const DockerProxy&) = delete;

  // Every connection ends and no new one is taken.
  void cut();
  void restore();
  // Connections are taken and stay, and nothing goes through them until release() or cut().
  void hold() { held_ = true; }
  void release() { held_ = false; }

 private:
  void accept_all();
  void pump(const UniqueFd& client);

  std::string path_;
  std::atomic<bool> cut_ = false;
  std::atomic<bool> held_ = false;
  UniqueFd listener_;
  std::mutex mutex_;
  std::list<UniqueFd> clients_;
  std::list<std::thread> threads_;
};

}  // namespace labgpu::testing_support
