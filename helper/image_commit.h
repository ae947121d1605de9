// An image made of a container, for whoever uses it: labgpu's own part is not in it.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "helper/docker_client.h"
#include "helper/docker_types.h"
#include "helper/error.h"
#include "helper/task.h"

namespace labgpu {

using ImageLabels = std::map<std::string, std::string>;

// The Config of an image that is made of a container: that of the image the container is from, so
// that entry point, user, environment and labels are what they were, plus `labels`. Pure.
//
// Docker adds the container's own to what it is given (daemon/commit.go, merge()), and nothing can
// be taken out, so: a variable that labgpu set is given without a value, with which Docker sets
// none in containers of the image, and a label of labgpu's is given empty. The ports that the
// container had stay among the exposed ones, which publishes nothing.
nlohmann::json committed_configuration(const nlohmann::json& container, const nlohmann::json& image,
                                       const ImageLabels& labels);

// Makes the image `name` ("name:tag") of what is in the container, without its mounts.
Task<Result<void>> commit_as_image(DockerClient& docker, ContainerDetails container,
                                   std::string name, ImageLabels labels);

// An error when the container has volumes of its image, whose content would not be in an image.
Result<void> check_has_no_volumes(const ContainerDetails& container);

// An image to be made of a container.
struct Commit {
  std::string image;
  ImageLabels labels;
};

}  // namespace labgpu
