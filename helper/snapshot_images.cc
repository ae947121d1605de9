// Names and labels of snapshots, and Docker's calls for them.
#include "helper/snapshot_images.h"

#include <time.h>

#include <algorithm>
#include <utility>

#include "common/parse.h"
#include "helper/container_changes.h"
#include "helper/docker_json.h"
#include "helper/kept_images.h"

namespace labgpu {

namespace {

constexpr char kSnapshots[] = "labgpu/snapshot/";
constexpr char kUser[] = "org.labgpu.snapshot.user";
constexpr char kUid[] = "org.labgpu.snapshot.uid";
constexpr char kMade[] = "org.labgpu.snapshot.made";
constexpr char kNote[] = "org.labgpu.snapshot.note";
constexpr char kAutomatic[] = "org.labgpu.snapshot.automatic";
// The value that the setting image had for the container, and how large that image was.
constexpr char kCountsAs[] = "org.labgpu.snapshot.image";
constexpr char kBaseBytes[] = "org.labgpu.snapshot.base-bytes";

constexpr size_t kLongestName = 64;

std::string repository_of(const ContainerOwner& owner) {
  return kSnapshots + image_name_of(owner.user, owner.uid);
}

std::string text_of(const ImageLabels& labels, const char* key) {
  auto found = labels.find(key);
  return found == labels.end() ? "" : found->second;
}

uint64_t number_of(const ImageLabels& labels, const char* key) {
  uint64_t number = 0;
  return parse_u64(text_of(labels, key), number) ? number : 0;
}

Snapshot describe(const ImageDetails& image, const std::string& tag, const ContainerOwner& owner) {
  uint64_t base = number_of(image.labels, kBaseBytes);
  return {.user = owner.user,
          .uid = owner.uid,
          .name = tag.substr(tag.rfind(':') + 1),
          .image = tag,
          .made = number_of(image.labels, kMade),
          .bytes = image.bytes > base ? image.bytes - base : 0,
          .note = text_of(image.labels, kNote),
          .automatic = !text_of(image.labels, kAutomatic).empty()};
}

ImageLabels labels_of(const Snapshot& snapshot, const ContainerDetails& container,
                      const ImageDetails& base) {
  auto made = made_with(container);
  return {{kUser, snapshot.user},
          {kUid, std::to_string(snapshot.uid)},
          {kMade, std::to_string(snapshot.made)},
          {kNote, snapshot.note},
          {kAutomatic, snapshot.automatic ? "yes" : ""},
          {kCountsAs, made.image.value_or("")},
          {kBaseBytes, std::to_string(base.bytes)}};
}

bool may_be_in_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.';
}

}  // namespace

std::string snapshot_name_of(uint64_t microseconds) {
  auto seconds = static_cast<time_t>(microseconds / 1'000'000);
  tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  strftime(text, sizeof text, "%Y%m%d-%H%M%S", &parts);
  return text;
}

Result<void> check_snapshot_name(std::string_view name) {
  bool good = !name.empty() && name.size() <= kLongestName && name[0] != '-' && name[0] != '.' &&
              std::all_of(name.begin(), name.end(), may_be_in_name);
  if (good) return {};
  return fail(
      ErrorCode::kInvalid,
      "a snapshot's name has letters, digits, '-', '_' and '.', begins with none of '-' and "
      "'.', and is no longer than " +
          std::to_string(kLongestName));
}

std::vector<Snapshot> snapshots_in(const std::vector<ImageDetails>& images,
                                   const ContainerOwner& owner) {
  std::vector<Snapshot> found;
  std::string begin = repository_of(owner) + ":";
  for (const ImageDetails& image : images) {
    bool own = text_of(image.labels, kUser) == owner.user &&
               text_of(image.labels, kUid) == std::to_string(owner.uid);
    if (!own) continue;
    for (const std::string& tag : image.names) {
      if (tag.starts_with(begin)) found.push_back(describe(image, tag, owner));
    }
  }
  std::sort(found.begin(), found.end(),
            [](const Snapshot& a, const Snapshot& b) { return a.made < b.made; });
  return found;
}

Task<Result<std::vector<Snapshot>>> SnapshotImages::list(ContainerOwner owner) {
  std::string pattern = repository_of(owner);
  Result<std::vector<ImageDetails>> images = co_await docker_.list_images(std::move(pattern));
  if (!images) co_return Failed(images.error());
  co_return snapshots_in(*images, owner);
}

Task<Result<Commit>> SnapshotImages::plan(ContainerDetails container, Snapshot wanted,
                                          uint32_t most) {
  if (auto good = check_snapshot_name(wanted.name); !good) co_return Failed(good.error());
  if (auto may = check_has_no_volumes(container); !may) co_return Failed(may.error());
  ContainerOwner owner{wanted.user, wanted.uid};
  Result<std::vector<Snapshot>> own = co_await list(owner);
  if (!own) co_return Failed(own.error());
  if (most != 0 && own->size() >= most) {
    co_return fail(ErrorCode::kInvalid,
                   wanted.user + " may have " + std::to_string(most) +
                       " snapshots and has as many; remove one first, such as the oldest: labgpu "
                       "snapshots " +
                       wanted.user + " --remove " + own->front().name);
  }
  std::string image = repository_of(owner) + ":" + wanted.name;
  Result<ImageDetails> taken = co_await docker_.inspect_image(image);
  if (taken) {
    co_return fail(ErrorCode::kExists, "there is a snapshot " + image +
                                           " already; take another name, or remove that one");
  }
  if (taken.error().code != ErrorCode::kNotFound) co_return Failed(taken.error());
  Result<ImageDetails> base = co_await docker_.inspect_image(container.image_id);
  if (!base) co_return wrap("the image that " + container.name + " is made from", base.error());
  co_return Commit{std::move(image), labels_of(wanted, container, *base)};
}

Task<Result<Snapshot>> SnapshotImages::find(ContainerOwner owner, std::string name) {
  Result<std::vector<Snapshot>> own = co_await list(owner);
  if (!own) co_return Failed(own.error());
  for (Snapshot& snapshot : *own) {
    if (snapshot.name == name) co_return std::move(snapshot);
  }
  co_return fail(ErrorCode::kNotFound, owner.user + " has no snapshot \"" + name +
                                           "\"; labgpu snapshots shows those that there are");
}

Task<Result<MadeImage>> SnapshotImages::origin(Snapshot snapshot) {
  Result<ImageDetails> image = co_await docker_.inspect_image(snapshot.image);
  if (!image) co_return Failed(image.error());
  MadeImage origin{snapshot.image, ""};
  ImageLabels labels;
  DockerFields fields(image->configuration, "the snapshot's configuration");
  fields.optional_text_map("Labels", labels);
  if (!fields.result()) co_return Failed(fields.result().error());
  origin.counts_as = text_of(labels, kCountsAs);
  co_return origin;
}

Task<Result<void>> SnapshotImages::remove(Snapshot snapshot) {
  Result<void> removed = co_await docker_.remove_image(snapshot.image);
  if (!removed && removed.error().code == ErrorCode::kNotFound) co_return Result<void>();
  co_return removed;
}

Task<Result<void>> SnapshotImages::remove_all(ContainerOwner owner) {
  Result<std::vector<Snapshot>> own = co_await list(std::move(owner));
  if (!own) co_return Failed(own.error());
  for (const Snapshot& snapshot : *own) {
    Result<void> removed = co_await remove(snapshot);
    if (!removed) co_return removed;
  }
  co_return Result<void>();
}

}  // namespace labgpu
