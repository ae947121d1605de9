// What the servers ask of images: the interface between administration and Docker.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "helper/account.h"
#include "helper/docker_types.h"
#include "helper/error.h"
#include "helper/pull_progress.h"
#include "helper/settings.h"
#include "helper/task.h"

namespace labgpu {

struct BuiltImage {
  std::string name;  // "labgpu/build/alice:20261231-235959"
  std::string id;
  uint64_t bytes = 0;
};

// Everything runs on the event loop's thread. Errors are kInvalid for what whoever asked can mend,
// kUnavailable and kTimeout, kNotFound for an image that is not on the server.
class Images {
 public:
  // Text of a build as it goes, cut anywhere.
  using OnOutput = std::function<void(std::string_view)>;

  Images() = default;
  Images(const Images&) = delete;
  Images& operator=(const Images&) = delete;
  virtual ~Images() = default;

  virtual Task<Result<std::vector<ImageDetails>>> list() = 0;
  virtual Task<Result<ImageDetails>> find(std::string image) = 0;

  // Joins the pull of that image, or begins one, which goes on when the Task is destroyed.
  virtual Task<Result<void>> pull(std::string image) = 0;
  // nullopt when that image is not being pulled.
  [[nodiscard]] virtual std::optional<PullState> pull_state(const std::string& image) const = 0;

  // Makes an image from ~/.labgpu/Dockerfile of the account, within its settings. A failure leaves
  // no image, and so does the Task's destruction, which ends the build. One at a time for each
  // account, and few over the server.
  virtual Task<Result<BuiltImage>> build(Account account, Settings settings,
                                         OnOutput on_output) = 0;
  // Removes the images that the account built, but for the newest `keep`, those in `used`, and
  // those of which there is a container.
  virtual Task<Result<void>> remove_builds(Account account, std::set<std::string> used,
                                           size_t keep) = 0;
};

}  // namespace labgpu
