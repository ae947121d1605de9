// How much an image may have in labels.
//
// Docker repeats the labels of an image in every list of images, and of containers that are made
// from it. A list is read up to a limit (http_client.h), so a few images with endless labels would
// keep everybody's from labgpu.
#pragma once

#include <cstddef>
#include <string>

#include "helper/docker_types.h"
#include "helper/error.h"

namespace labgpu {

// Names and values together; 500 containers of such images fit in a list.
inline constexpr size_t kMostLabelBytes = size_t{32} * 1024;

// kInvalid when it has more.
Result<void> check_labels(const std::string& image, const ImageDetails& details);

}  // namespace labgpu
