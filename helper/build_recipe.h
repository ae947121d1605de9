// A user's Dockerfile, checked and written anew.
//
// Docker's builder does some of its work outside of containers: it fetches URLs (ADD) in the host's
// network, and takes any image of the server as a base, by an id's first digit too. So labgpu reads
// the file itself, refuses what reaches there, and gives Docker only what it has understood: one
// line for each instruction. Docker's own reading of the file then cannot differ from labgpu's.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "helper/error.h"

namespace labgpu {

struct BuildRecipe {
  std::string text;                 // for Docker
  std::vector<std::string> images;  // that it begins with or copies from, each once
};

// kInvalid with the line and what is wrong. Not taken are: ONBUILD, "# escape=", here-documents and
// whatever else needs BuildKit; ADD of anything but plain names of files; images by id. Variables
// in FROM have to be of an ARG before, with a default.
Result<BuildRecipe> read_recipe(std::string_view dockerfile);

}  // namespace labgpu
