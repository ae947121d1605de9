// Counts what is in an image's labels.
#include "helper/image_labels.h"

namespace labgpu {

Result<void> check_labels(const std::string& image, const ImageDetails& details) {
  size_t bytes = 0;
  for (const auto& [name, value] : details.labels) bytes += name.size() + value.size();
  if (bytes <= kMostLabelBytes) return {};
  return fail(ErrorCode::kInvalid, "the image " + image + " has " + std::to_string(bytes) +
                                       " bytes in labels, and " + std::to_string(kMostLabelBytes) +
                                       " are allowed: make one with fewer");
}

}  // namespace labgpu
