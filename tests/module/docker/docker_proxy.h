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

  // Requests, each of which has its own connection, are counted from here on, the first is 1. Those
  // from `first` to `last` are lost; with `answer_only` Docker does what the first of them asks
  // for, and only its answer is lost.
  void lose(int first, int last, bool answer_only);
  // How many were lost since.
  [[nodiscard]] int lost() const { return lost_; }

 private:
  enum class Fate { kPass, kNoAnswer, kLost };
  void accept_all();
  Fate next_fate();
  void pump(const UniqueFd& client, Fate fate);

  std::string path_;
  std::atomic<bool> cut_ = false;
  std::atomic<bool> held_ = false;
  UniqueFd listener_;
  std::mutex mutex_;
  int count_ = 0;
  int first_lost_ = 0;
  int last_lost_ = 0;
  bool answer_only_ = false;
  std::atomic<int> lost_ = 0;
  std::list<UniqueFd> clients_;
  std::list<std::thread> threads_;
};

}  // namespace labgpu::testing_support
