// Containers made anew, and images made of containers: the manager's requests for both.
#include <utility>

#include "helper/account_settings.h"
#include "helper/container_changes.h"
#include "helper/container_manager_impl.h"
#include "helper/date.h"
#include "helper/kept_images.h"
#include "helper/log.h"

namespace labgpu {

namespace {

Snapshot wanted_snapshot(const Account& account, std::string name, std::string note) {
  uint64_t now = now_in_microseconds();
  if (name.empty()) name = snapshot_name_of(now);
  return {.user = account.name,
          .uid = account.uid,
          .name = std::move(name),
          .made = now,
          .note = std::move(note)};
}

}  // namespace

// What a helper left that ended while it made a container anew.
Task<void> ContainerManager::Impl::settle(std::string id) {
  Result<ContainerDetails> details = co_await docker.inspect_container(id);
  std::optional<ContainerOwner> owner;
  if (details) owner = starter.owner(*details);
  if (!owner) co_return;
  AsyncMutex::Guard turn = co_await lanes[owner->user].turn.lock();
  Result<void> settled = co_await replacer.settle(*owner);
  if (!settled) log(LogLevel::kError, settled.error().message, {{kLogUser, owner->user}});
}

// Fetched first, so that the container that there is runs meanwhile.
Task<Result<void>> ContainerManager::Impl::have_image(Account account) {
  Result<Settings> decided = settings_of(settings, account);
  if (!decided) co_return Failed(decided.error());
  Result<ImageDetails> there = co_await docker.inspect_image(decided->image);
  if (there) co_return Result<void>();
  if (there.error().code != ErrorCode::kNotFound) co_return Failed(there.error());
  if (auto may = check_fetchable(decided->image); !may) co_return may;
  Result<void> pulled = co_await images.pull(decided->image);
  co_return pulled;
}

Task<Result<void>> ContainerManager::Impl::rebuild(Account account, bool keep, OnStep on_step) {
  Lane& lane = lanes[account.name];
  AsyncMutex::Guard keeping = co_await lane.keeping.lock();
  if (!keep) {
    on_step("fetching the image");
    Result<void> image = co_await have_image(account);
    if (!image) co_return image;
  }
  AsyncMutex::Guard turn = co_await lane.turn.lock();
  Result<std::optional<ContainerDetails>> found = co_await starter.find(account);
  if (!found) co_return Failed(found.error());
  if (!*found) co_return has_no_container(account);
  Replacement wanted;
  wanted.on_step = std::move(on_step);
  if (keep) {
    std::string image = kept_image(account.name, account.uid, (*found)->id);
    wanted.from = MadeImage{image, made_with(**found).image.value_or("")};
    wanted.commit = Commit{image, {}};
  }
  Result<void> replaced =
      co_await replacer.replace(std::move(account), std::move(*found), std::move(wanted));
  co_return replaced;
}

// The container may be started, stopped and logged in to meanwhile, but not be made anew or go.
Task<Result<Snapshot>> ContainerManager::Impl::take_snapshot(Account account, std::string name,
                                                             std::string note) {
  AsyncMutex::Guard keeping = co_await lanes[account.name].keeping.lock();
  Result<std::optional<ContainerDetails>> found = co_await starter.find(account);
  if (!found) co_return Failed(found.error());
  if (!*found) co_return has_no_container(account);
  Snapshot wanted = wanted_snapshot(account, std::move(name), std::move(note));
  uint32_t most = max_snapshots_of(settings, account);
  Result<Commit> commit = co_await snapshot_images.plan(**found, wanted, most);
  if (!commit) co_return Failed(commit.error());
  Result<void> made = co_await commit_as_image(docker, **found, commit->image, commit->labels);
  if (!made) co_return Failed(made.error());
  ContainerOwner owner{account.name, account.uid};
  Result<Snapshot> snapshot = co_await snapshot_images.find(std::move(owner), wanted.name);
  co_return snapshot;
}

Task<Result<void>> ContainerManager::Impl::remove_snapshot(Account account, std::string name) {
  AsyncMutex::Guard keeping = co_await lanes[account.name].keeping.lock();
  ContainerOwner owner{account.name, account.uid};
  Result<Snapshot> snapshot = co_await snapshot_images.find(std::move(owner), std::move(name));
  if (!snapshot) co_return Failed(snapshot.error());
  Result<void> removed = co_await snapshot_images.remove(*snapshot);
  co_return removed;
}

// The new container is made from another name of the snapshot's image, so that the snapshot itself
// can be removed.
Task<Result<std::string>> ContainerManager::Impl::restore(Account account, std::string name,
                                                          bool discard, OnStep on_step) {
  Lane& lane = lanes[account.name];
  AsyncMutex::Guard keeping = co_await lane.keeping.lock();
  ContainerOwner owner{account.name, account.uid};
  Result<Snapshot> snapshot = co_await snapshot_images.find(std::move(owner), std::move(name));
  if (!snapshot) co_return Failed(snapshot.error());
  Result<MadeImage> origin = co_await snapshot_images.origin(*snapshot);
  if (!origin) co_return Failed(origin.error());
  AsyncMutex::Guard turn = co_await lane.turn.lock();
  Result<std::optional<ContainerDetails>> found = co_await starter.find(account);
  if (!found) co_return Failed(found.error());
  Replacement wanted;
  wanted.on_step = std::move(on_step);
  std::string saved;
  if (*found && !discard) {
    Snapshot before = wanted_snapshot(account, "", "before " + snapshot->name + " was restored");
    before.automatic = true;
    saved = before.name;
    uint32_t most = max_snapshots_of(settings, account);
    Result<Commit> commit = co_await snapshot_images.plan(**found, std::move(before), most);
    if (!commit) co_return wrap("what is there now would be lost", commit.error());
    wanted.commit = std::move(*commit);
  }
  std::string replaced_id = *found ? (*found)->id : "";
  std::string image = kept_image(account.name, account.uid, replaced_id);
  Result<void> tagged = co_await docker.tag_image(origin->image, image);
  if (!tagged) co_return Failed(tagged.error());
  wanted.from = MadeImage{std::move(image), std::move(origin->counts_as)};
  Result<void> replaced =
      co_await replacer.replace(std::move(account), std::move(*found), std::move(wanted));
  if (!replaced) co_return Failed(replaced.error());
  co_return saved;
}

Task<Result<void>> ContainerManager::rebuild(Account account, bool keep, OnStep on_step) {
  return impl_->keep_going(impl_->rebuild(std::move(account), keep, std::move(on_step)));
}

Task<Result<Snapshot>> ContainerManager::snapshot(Account account, std::string name,
                                                  std::string note) {
  return impl_->keep_going(
      impl_->take_snapshot(std::move(account), std::move(name), std::move(note)));
}

Task<Result<std::vector<Snapshot>>> ContainerManager::snapshots(Account account) {
  return impl_->snapshot_images.list({account.name, account.uid});
}

Task<Result<void>> ContainerManager::remove_snapshot(Account account, std::string name) {
  return impl_->keep_going(impl_->remove_snapshot(std::move(account), std::move(name)));
}

Task<Result<std::string>> ContainerManager::restore(Account account, std::string name, bool discard,
                                                    OnStep on_step) {
  return impl_->keep_going(
      impl_->restore(std::move(account), std::move(name), discard, std::move(on_step)));
}

}  // namespace labgpu
