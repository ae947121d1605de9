// A small file as one text.
#pragma once

#include <string>

#include "helper/error.h"

namespace labgpu {

// At most 1 MiB, which is far more than any file of labgpu's has. kNotFound when there is none.
Result<std::string> read_file(const std::string& path);

}  // namespace labgpu
