// labgpu image default: the image that containers are made from when nobody chose another one.
#pragma once

#include <string>

#include "cli/result.h"
#include "common/paths.h"

namespace labgpu {

struct ConfigPaths {
  std::string file = kConfigFile;
  std::string checker = kHelperProgram;
};

// Sets it in labgpu.json and has labgpud take it. When labgpud finds the new file wrong, or does
// not take it, the file is as it was.
Result<void> set_default_image(const std::string& image, const ConfigPaths& paths = {});

}  // namespace labgpu
