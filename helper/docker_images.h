// The server's images, as its Docker has them.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "helper/docker_client.h"
#include "helper/image_builds.h"
#include "helper/image_puller.h"
#include "helper/images.h"

namespace labgpu {

class DockerImages final : public Images {
 public:
  // Everything given must outlive the object. Files for builds are put in `state_directory`.
  DockerImages(EventLoop& loop, DockerClient& docker, ImagePuller& puller,
               std::string state_directory)
      : docker_(docker),
        puller_(puller),
        builds_(loop, docker, puller, std::move(state_directory)) {}

  Task<Result<std::vector<ImageDetails>>> list() override;
  Task<Result<ImageDetails>> find(std::string image) override;
  Task<Result<void>> pull(std::string image) override;
  [[nodiscard]] std::optional<PullState> pull_state(const std::string& image) const override;
  Task<Result<BuiltImage>> build(Account account, Settings settings, OnOutput on_output) override;
  Task<Result<void>> remove_builds(Account account, std::set<std::string> used,
                                   size_t keep) override;

 private:
  DockerClient& docker_;
  ImagePuller& puller_;
  ImageBuilds builds_;
};

}  // namespace labgpu
