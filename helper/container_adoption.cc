// An account's container made of one that labgpu did not make.
#include <utility>

#include "helper/adoption.h"
#include "helper/container_manager_impl.h"
#include "helper/kept_images.h"
#include "helper/log.h"

namespace labgpu {

Task<Result<Adoption>> ContainerManager::Impl::plan_adoption(Account account,
                                                             std::string container) {
  Result<std::optional<ContainerDetails>> own = co_await starter.find(account);
  if (!own) co_return Failed(own.error());
  if (*own) {
    co_return fail(ErrorCode::kExists, account.name + " has a container already, " + (*own)->name +
                                           ": remove it first with docker rm -f " + (*own)->name +
                                           " if nothing in it is wanted");
  }
  Result<ContainerDetails> foreign = co_await docker.inspect_container(std::move(container));
  if (!foreign) co_return Failed(foreign.error());
  if (auto theirs = starter.owner(*foreign)) {
    co_return fail(ErrorCode::kInvalid,
                   "the container " + foreign->name + " is labgpu's own, of " + theirs->user);
  }
  Result<ImageDetails> image = co_await docker.inspect_image(foreign->image_id);
  if (!image) co_return wrap("the image that " + foreign->name + " is made from", image.error());
  co_return plan_from(*foreign, *image, account, settings);
}

Task<Result<void>> ContainerManager::Impl::adopt(Account account, Adoption from, OnStep on_step) {
  Lane& lane = lanes[account.name];
  AsyncMutex::Guard keeping = co_await lane.keeping.lock();
  AsyncMutex::Guard turn = co_await lane.turn.lock();
  // Again: somebody may have logged in since it was planned.
  Result<Adoption> plan = co_await plan_adoption(account, from.id);
  if (!plan) co_return Failed(plan.error());
  Result<void> taken = co_await take_over(account, from, std::move(on_step));
  if (!taken) {
    Result<void> given_back = co_await give_back(from);
    if (!given_back) {
      co_return wrap("the container " + from.container + " could not be put back as it was (" +
                         given_back.error().message + ")",
                     taken.error());
    }
    co_await forget_unused_images(docker, account.name, account.uid);
    co_return wrap("the container " + from.container + " is as it was", taken.error());
  }
  log(LogLevel::kNotice, "adopted the container " + from.container, {{kLogUser, account.name}});
  co_return Result<void>();
}

// All that can be refused is refused before the old container stops.
Task<Result<void>> ContainerManager::Impl::take_over(Account account, Adoption from,
                                                     OnStep on_step) {
  Result<ContainerDetails> foreign = co_await docker.inspect_container(from.id);
  if (!foreign) co_return Failed(foreign.error());
  MadeImage image{kept_image(account.name, account.uid, from.id), ""};
  std::optional<MadeImage> from_image(image);
  Result<Successor> successor = co_await starter.prepare_successor(account, from_image);
  if (!successor) co_return Failed(successor.error());
  on_step("stopping the container");
  std::chrono::seconds grace(kStopGraceSeconds);
  Result<void> done = co_await docker.stop_container(from.id, grace);
  if (!done) co_return done;
  if (successor->name == from.container) {
    std::string aside = from.container + ".adopted";
    done = co_await docker.rename_container(from.id, std::move(aside));
    if (!done) co_return done;
  }
  on_step("saving what is in it");
  ImageLabels none;
  done = co_await commit_as_image(docker, std::move(*foreign), image.image, std::move(none));
  if (!done) co_return done;
  Replacement wanted;
  wanted.from = std::move(image);
  wanted.on_step = std::move(on_step);
  std::optional<ContainerDetails> nobody;
  done = co_await replacer.replace(std::move(account), std::move(nobody), std::move(wanted));
  if (!done) co_return done;
  // One that Docker starts again by itself would take GPUs and ports. The new one is good already.
  nlohmann::json unstarted = {{"RestartPolicy", {{"Name", "no"}}}};
  Result<void> resting = co_await docker.update_container(from.id, std::move(unstarted));
  if (!resting) log(LogLevel::kWarning, resting.error().message);
  co_return Result<void>();
}

Task<Result<void>> ContainerManager::Impl::give_back(Adoption from) {
  Result<ContainerDetails> now = co_await docker.inspect_container(from.id);
  if (!now) co_return Failed(now.error());
  if (now->name != from.container) {
    Result<void> renamed = co_await docker.rename_container(from.id, from.container);
    if (!renamed) co_return renamed;
  }
  if (!from.runs) co_return Result<void>();
  Result<void> started = co_await docker.start_container(from.id);
  co_return started;
}

Task<Result<Adoption>> ContainerManager::plan_adoption(Account account, std::string container) {
  return impl_->plan_adoption(std::move(account), std::move(container));
}

Task<Result<void>> ContainerManager::adopt(Account account, Adoption from, OnStep on_step) {
  return impl_->keep_going(impl_->adopt(std::move(account), std::move(from), std::move(on_step)));
}

}  // namespace labgpu
