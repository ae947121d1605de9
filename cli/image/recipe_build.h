// labgpu image build: an administrator's image from a Dockerfile.
#pragma once

#include <string>
#include <vector>

#include "cli/result.h"

namespace labgpu {

struct RecipeOptions {
  std::string source;                  // a Dockerfile, or the directory with it
  std::string tag;                     // empty: labgpu/ and the directory's name
  std::vector<std::string> arguments;  // KEY=VALUE, for the Dockerfile's ARG
  bool fresh = false;                  // nothing of earlier builds is taken
};

struct BuiltRecipe {
  std::string tag;
  std::string id;
};

// Runs `docker build`, whose output goes to stderr. The tag names either the whole new image or
// what it named before.
Result<BuiltRecipe> build_recipe(const RecipeOptions& options);

}  // namespace labgpu
