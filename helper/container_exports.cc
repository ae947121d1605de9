// A snapshot, or what is in the container now, as a file of the account's own.
#include <memory>
#include <utility>

#include "helper/account_settings.h"
#include "helper/container_changes.h"
#include "helper/container_manager_impl.h"
#include "helper/kept_images.h"
#include "helper/log.h"
#include "helper/user_file.h"

namespace labgpu {

// Where the container shows directories of the server now, or would.
Task<Result<std::vector<Mount>>> ContainerManager::Impl::mounts_of(Account account) {
  Result<Settings> decided = settings_of(settings, account);
  if (!decided) co_return Failed(decided.error());
  Result<std::optional<ContainerDetails>> found = co_await starter.find(std::move(account));
  if (!found) co_return Failed(found.error());
  if (!*found) co_return std::move(decided->mounts);
  co_return made_with(**found).mounts.value_or(decided->mounts);
}

// In the thread, like all that is done with the file: its file system may hang.
Task<Result<std::shared_ptr<UserFile>>> ContainerManager::Impl::create_file(Account account,
                                                                            std::string path,
                                                                            Worker& worker) {
  using Created = Result<std::shared_ptr<UserFile>>;
  Result<std::vector<Mount>> mounts = co_await mounts_of(account);
  if (!mounts) co_return Failed(mounts.error());
  std::function<Created()> job = [account, mounts = std::move(*mounts), path]() -> Created {
    Result<UserFile> created = UserFile::create(account, mounts, path);
    if (!created) return Failed(created.error());
    return std::make_shared<UserFile>(std::move(*created));
  };
  Task<Created> creating = worker.run(std::move(job));
  Created created = co_await creating;
  co_return created;
}

// The thread has what it needs for itself: it may go on when nobody waits any more. It lets go of
// the file, too, since what is not whole is removed then.
Task<Result<void>> ContainerManager::Impl::write_image(std::string image,
                                                       std::shared_ptr<UserFile> file,
                                                       Worker& worker) {
  Result<std::string> target = co_await docker.save_target(std::move(image));
  std::function<Result<void>()> job = [socket = docker.socket_path(), target,
                                       file = std::move(file),
                                       progress = exports]() mutable -> Result<void> {
    auto own = std::move(file);
    if (!target) return Failed(target.error());
    Result<void> written = save_image(socket, *target, own->fd(), *progress);
    if (written) written = own->keep();
    return written ? written
                   : Result<void>(wrap("cannot export to " + own->path(), written.error()));
  };
  Task<Result<void>> writing = worker.run(std::move(job));
  Result<void> written = co_await writing;
  co_return written;
}

// An image that is made for this alone is under a name of those that are forgotten when nothing is
// made from them, so that it goes also when the helper ends meanwhile.
Task<Result<std::string>> ContainerManager::Impl::image_to_export(Account account,
                                                                  std::string snapshot) {
  if (snapshot.empty()) {
    std::string image = kept_image(account.name, account.uid, "export");
    Result<void> made = co_await commit_for_export(std::move(account), image);
    if (!made) co_return Failed(made.error());
    co_return image;
  }
  ContainerOwner owner{account.name, account.uid};
  Result<Snapshot> found = co_await snapshot_images.find(std::move(owner), std::move(snapshot));
  if (!found) co_return Failed(found.error());
  co_return found->image;
}

// The place is taken before anything is waited for: whoever gets none hears so at once.
Task<Result<std::string>> ContainerManager::Impl::export_to(Account account, std::string snapshot,
                                                            std::string path, OnStep on_step) {
  Result<ExportPlaces::Place> place = export_places.take(account.name);
  if (!place) co_return Failed(place.error());
  AsyncMutex::Guard keeping = co_await lanes[account.name].keeping.lock();
  Result<std::shared_ptr<UserFile>> file =
      co_await create_file(account, std::move(path), place->worker());
  if (!file) co_return Failed(file.error());
  std::string written_to = (*file)->path();
  Result<std::string> image = co_await image_to_export(account, std::move(snapshot));
  if (!image) {
    std::function<bool()> forget = [unwritten = std::move(*file)]() mutable {
      unwritten.reset();
      return true;
    };
    Task<bool> forgetting = place->worker().run(std::move(forget));
    co_await forgetting;
    co_return Failed(image.error());
  }
  on_step("writing the file");
  Result<void> written = co_await write_image(std::move(*image), std::move(*file), place->worker());
  co_await forget_unused_images(docker, account.name, account.uid);
  if (!written) co_return Failed(written.error());
  log(LogLevel::kNotice, "exported the container to " + written_to, {{kLogUser, account.name}});
  co_return written_to;
}

Task<Result<void>> ContainerManager::Impl::commit_for_export(Account account, std::string image) {
  Result<std::optional<ContainerDetails>> found = co_await starter.find(account);
  if (!found) co_return Failed(found.error());
  if (!*found) co_return has_no_container(account);
  if (auto may = check_has_no_volumes(**found); !may) co_return may;
  ImageLabels none;
  Result<void> made =
      co_await commit_as_image(docker, std::move(**found), std::move(image), std::move(none));
  co_return made;
}

Task<Result<std::string>> ContainerManager::export_image(Account account, std::string snapshot,
                                                         std::string path, OnStep on_step) {
  return impl_->keep_going(impl_->export_to(std::move(account), std::move(snapshot),
                                            std::move(path), std::move(on_step)));
}

}  // namespace labgpu
