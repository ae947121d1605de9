// What a user's build is made from: the files below ~/.labgpu, as a tar file for Docker.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/unique_fd.h"
#include "helper/directory_tree.h"
#include "helper/error.h"

namespace labgpu {

// In the home.
inline constexpr char kBuildDirectory[] = ".labgpu";
// In that directory, and in the tar file, where it is what read_recipe() made of it.
inline constexpr char kRecipeName[] = "Dockerfile";

struct BuildContext {
  UniqueFd file;  // of no name, read from its start
  uint64_t size = 0;
  std::vector<std::string> images;  // as of BuildRecipe
};

struct BuildContextLimits {
  uint64_t bytes = 0;        // of the tar file
  uint64_t entries = 50000;  // files, directories and links
};

// Reads the home of `uid` as somebody's who tries things: files, directories and symbolic links, as
// links, are taken; anything else is refused, and so is what is mounted there. The file is written
// in `spool`. Errors are kInvalid, for the user, or kSystem. It may take long: for a worker's
// thread; `work` ends it.
Result<std::shared_ptr<const BuildContext>> pack_build_context(const std::string& home,
                                                               uint32_t uid,
                                                               const std::string& spool,
                                                               BuildContextLimits limits,
                                                               TreeWork& work);

}  // namespace labgpu
