// `docker build` of a Dockerfile and its directory.
#include "cli/image/recipe_build.h"

#include <filesystem>
#include <system_error>

#include "cli/image/docker_command.h"
#include "cli/subprocess.h"

namespace labgpu {

namespace fs = std::filesystem;

namespace {

struct Recipe {
  fs::path file;
  fs::path directory;
};

Result<Recipe> find_recipe(const std::string& source) {
  std::error_code error;
  auto path = fs::canonical(source, error);
  if (error) return fail("cannot read " + source + ": " + error.message());
  Recipe recipe{path, path.parent_path()};
  if (fs::is_directory(path, error)) recipe = {path / "Dockerfile", path};
  if (fs::is_regular_file(recipe.file, error)) return recipe;
  return fail("there is no Dockerfile in " + source);
}

}  // namespace

Result<BuiltRecipe> build_recipe(const RecipeOptions& options) {
  HeldSignals signals;
  auto recipe = find_recipe(options.source);
  if (!recipe) return Failed(recipe.error());
  auto tag = options.tag.empty() ? "labgpu/" + recipe->directory.filename().string() + ":latest"
                                 : options.tag;
  auto ready = require_docker(tag, signals);
  if (!ready) return Failed(ready.error());
  std::vector<std::string> command = {"docker", "build", "--file", recipe->file, "--tag", tag};
  for (const auto& argument : options.arguments) {
    command.insert(command.end(), {"--build-arg", argument});
  }
  if (options.fresh) command.insert(command.end(), {"--no-cache", "--pull"});
  command.push_back(recipe->directory);
  auto built = run_checked("docker could not build " + tag, command, Output::kProgress, signals);
  if (!built) return Failed(built.error());
  auto shown = run_checked("docker does not show " + tag,
                           {"docker", "image", "inspect", "--format", "{{.Id}}", tag},
                           Output::kCapture, signals);
  if (!shown) return Failed(shown.error());
  return BuiltRecipe{tag, shown->out.substr(0, shown->out.find('\n'))};
}

}  // namespace labgpu
