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

// The thread has what it needs for itself: it may go on when nobody waits any more.
Task<Result<void>> ContainerManager::Impl::write_image(std::string image,
                                                       std::shared_ptr<UserFile> file) {
  Result<std::string> target = co_await docker.save_target(std::move(image));
  if (!target) co_return Failed(target.error());
  std::function<Result<void>()> job = [socket = docker.socket_path(), target = *target, file,
                                       progress = exports] {
    Result<void> written = save_image(socket, target, file->fd(), *progress);
    if (written) written = file->keep();
    return written ? written
                   : Result<void>(wrap("cannot export to " + file->path(), written.error()));
  };
  Task<Result<void>> writing = file_worker.run(std::move(job));
  Result<void> written = co_await writing;
  co_return written;
}

// An image that is made for this alone is under a name of those that are forgotten when nothing is
// made from them, so that it goes also when the helper ends meanwhile.
Task<Result<std::string>> ContainerManager::Impl::export_to(Account account, std::string snapshot,
                                                            std::string path, OnStep on_step) {
  AsyncMutex::Guard keeping = co_await lanes[account.name].keeping.lock();
  Result<std::vector<Mount>> mounts = co_await mounts_of(account);
  if (!mounts) co_return Failed(mounts.error());
  Result<UserFile> created = UserFile::create(account, *mounts, path);
  if (!created) co_return Failed(created.error());
  auto file = std::make_shared<UserFile>(std::move(*created));
  std::string image = kept_image(account.name, account.uid, "export");
  if (snapshot.empty()) {
    Result<void> made = co_await commit_for_export(account, image);
    if (!made) co_return Failed(made.error());
  } else {
    ContainerOwner owner{account.name, account.uid};
    Result<Snapshot> found = co_await snapshot_images.find(std::move(owner), std::move(snapshot));
    if (!found) co_return Failed(found.error());
    image = found->image;
  }
  on_step("writing the file");
  Result<void> written = co_await write_image(std::move(image), file);
  co_await forget_unused_images(docker, account.name, account.uid);
  if (!written) co_return Failed(written.error());
  log(LogLevel::kNotice, "exported the container to " + file->path(), {{kLogUser, account.name}});
  co_return file->path();
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
