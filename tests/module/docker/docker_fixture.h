// A container manager on the machine's own Docker, with directories, an image and accounts of its
// own.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "helper/config.h"
#include "helper/container_manager.h"
#include "helper/docker_client.h"
#include "helper/event_loop.h"
#include "tests/module/docker/docker_proxy.h"
#include "tests/unit/helper_docker/run_task.h"

namespace labgpu::testing_support {

using Running = std::shared_ptr<const RunningContainer>;

// What a shell command prints, without the last newline; throws when it fails.
std::string output_of(const std::string& command);
// Whether it succeeds.
bool succeeds(const std::string& command);

// What is /proc/PID/ns/NAME of that process, e.g. "net:[4026531840]".
std::string namespace_of(const std::string& pid, const std::string& name);

class DockerFixture : public ::testing::Test {
 protected:
  // Of this process, as every name here: two runs on one Docker do not see each other's.
  static const std::string& image();

  // An image with nothing in it, and the host's directory of guest programs if there is none.
  static void SetUpTestSuite();
  static void TearDownTestSuite();
  void SetUp() override;
  void TearDown() override;

  Account make_account(const std::string& suffix = "a");
  [[nodiscard]] std::string state_directory() const { return directory_ + "/state"; }
  // The client goes through the proxy, so that requests of it can be cut.
  std::unique_ptr<ContainerManager> make_manager();
  static std::string container_name(const Account& account) { return account.name + "_container"; }

  Result<Running> ensure(const Account& account) {
    return run_task(loop_, manager_->ensure_running(account));
  }
  void wait_until(const std::function<bool()>& done) { run_until(loop_, done); }
  // Another helper, as after its start; what the one before had begun ends with it.
  void restart_helper();
  // Puts a text into the container, where only an image of it would have it; what it is there.
  void leave_mark(const Account& account, const std::string& text);
  std::string mark_of(const Account& account);
  // Follows events from now on; returns when the first list was read.
  void follow();

  std::string directory_;
  Config config_;
  EventLoop loop_;
  std::optional<DockerProxy> proxy_;
  std::optional<DockerClient> docker_;
  std::unique_ptr<ContainerManager> manager_;
};

}  // namespace labgpu::testing_support
