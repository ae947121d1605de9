// Images that containers were rebuilt from: labgpu's own, each there for as long as a container is
// made from it.
#pragma once

#include <cstdint>
#include <string>

#include "helper/docker_client.h"
#include "helper/task.h"

namespace labgpu {

// A part of an image's name that stands for the account: its name, or its id where Docker takes
// that name for none (https://pkg.go.dev/github.com/distribution/reference, path-component).
std::string image_name_of(const std::string& user, uint32_t uid);

// The image of what is to take the place of that container; "" is none.
std::string kept_image(const std::string& user, uint32_t uid, const std::string& replaced_id);

// Forgets those of the account that no container is made from. What fails is logged.
Task<void> forget_unused_images(DockerClient& docker, std::string user, uint32_t uid);

}  // namespace labgpu
