// Changes one value of labgpu.json as an administrator would with an editor: comments and
// everything else stay as they are.
#pragma once

#include <string>

#include "cli/result.h"

namespace labgpu {

// The text with defaults.image as `image`. Fails when the text is not JSON with comments, or its
// "defaults" is no object.
Result<std::string> with_default_image(const std::string& text, const std::string& image);

}  // namespace labgpu
