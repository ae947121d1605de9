// Images that users build from ~/.labgpu/Dockerfile: with Docker's own builder, within the limits
// that their containers have.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "helper/account.h"
#include "helper/build_context.h"
#include "helper/docker_client.h"
#include "helper/error.h"
#include "helper/event_loop.h"
#include "helper/image_puller.h"
#include "helper/images.h"
#include "helper/settings.h"
#include "helper/task.h"
#include "helper/worker.h"

namespace labgpu {

// Of images that users built: whose they are.
inline constexpr char kLabelBuildUid[] = "org.labgpu.build-uid";

class ImageBuilds {
 public:
  // At the same time, over the server.
  static constexpr size_t kMost = 2;

  // Everything given must outlive the object.
  ImageBuilds(EventLoop& loop, DockerClient& docker, ImagePuller& puller,
              std::string state_directory);

  // As of Images.
  Task<Result<BuiltImage>> build(Account account, Settings settings, Images::OnOutput on_output);
  Task<Result<void>> remove(Account account, std::set<std::string> used, size_t keep);

 private:
  using Context = std::shared_ptr<const BuildContext>;

  [[nodiscard]] Result<void> check_turn(const Account& account, const Settings& settings) const;
  Task<Result<Context>> pack(Account account, uint64_t most_bytes);
  // Each image that the recipe begins with: is it there, or can it be fetched, and may the account
  // have it?
  Task<Result<void>> prepare_images(Account account, Context context, Images::OnOutput on_output);
  Task<Result<ImageDetails>> find_or_fetch(std::string image, Images::OnOutput on_output);
  Task<Result<void>> run(ImageBuild build, uint32_t seconds, Images::OnOutput on_output);
  Task<Result<BuiltImage>> judge(std::string name, uint64_t most_bytes);
  // The account's, the newest first.
  Task<Result<std::vector<std::string>>> names_of(Account account);

  DockerClient& docker_;
  ImagePuller& puller_;
  std::string state_directory_;
  std::set<std::string> building_;  // accounts
  Worker worker_;
};

}  // namespace labgpu
