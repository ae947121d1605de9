// Images: asked of Docker, or handed on to who fetches and who builds them.
#include "helper/docker_images.h"

#include <utility>

#include "helper/image_name.h"

namespace labgpu {

Task<Result<std::vector<ImageDetails>>> DockerImages::list() { return docker_.list_images(); }

Task<Result<ImageDetails>> DockerImages::find(std::string image) {
  return docker_.inspect_image(std::move(image));
}

Task<Result<void>> DockerImages::pull(std::string image) {
  if (is_made_here(image)) {
    co_return fail(ErrorCode::kInvalid,
                   "the image " + image +
                       " is not fetched: what is below labgpu/ is made on this server, with "
                       "labgpu image bootstrap or labgpu image build");
  }
  auto pulling = puller_.pull(std::move(image));
  co_return co_await pulling;
}

std::optional<PullState> DockerImages::pull_state(const std::string& image) const {
  auto progress = puller_.progress(image);
  if (!progress) return std::nullopt;
  return progress->state;
}

Task<Result<BuiltImage>> DockerImages::build(Account account, Settings settings,
                                             OnOutput on_output) {
  return builds_.build(std::move(account), std::move(settings), std::move(on_output));
}

Task<Result<void>> DockerImages::remove_builds(Account account, std::set<std::string> used,
                                               size_t keep) {
  return builds_.remove(std::move(account), std::move(used), keep);
}

}  // namespace labgpu
