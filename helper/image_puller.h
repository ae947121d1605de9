// Fetches images: one pull per image, however many wait for it.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "helper/docker_client.h"
#include "helper/error.h"
#include "helper/line_splitter.h"
#include "helper/pull_progress.h"
#include "helper/task.h"

namespace labgpu {

// The sentence about an image that is not there and is never fetched.
Result<void> check_fetchable(const std::string& image);

class ImagePuller {
 public:
  // How long a failure is the answer without asking Docker again: one login asks twice, once for
  // PAM and once for the session command, and a script may ask all the time.
  static constexpr std::chrono::seconds kFailureHolds{10};

  struct Progress {
    PullState state;
    std::chrono::milliseconds elapsed;  // since the pull began
  };

  // `docker` must outlive the puller.
  explicit ImagePuller(DockerClient& docker) : docker_(docker) {}

  // Joins the pull of that image, or begins one, which goes on when the Task is destroyed. The
  // errors' sentences are for the user: kUnavailable and kTimeout when trying again may help,
  // kInvalid when it does not.
  Task<Result<void>> pull(std::string image);

  // nullopt when that image is not being pulled.
  [[nodiscard]] std::optional<Progress> progress(const std::string& image) const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Pull;
  struct RecentFailure {
    Error error;
    Clock::time_point holds_until;
  };
  Task<void> run(std::string image, std::shared_ptr<Pull> pull);
  static HttpStream follow(Pull& pull);

  DockerClient& docker_;
  std::map<std::string, std::shared_ptr<Pull>> pulls_;
  std::map<std::string, RecentFailure> failures_;
  TaskGroup work_;  // last, so that its frames go before what they use
};

}  // namespace labgpu
