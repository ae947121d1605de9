// Snapshots as Docker keeps them: images whose labels say whose they are and what is in them.
//
// Their names begin with "labgpu/snapshot/", below which nothing is ever fetched, and they have
// tags, so "docker image prune" leaves them alone. Users' own builds can have any labels, but their
// names begin with "labgpu/build/": who can name images otherwise here is root.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "helper/container_spec.h"
#include "helper/container_starter.h"
#include "helper/containers.h"
#include "helper/docker_client.h"
#include "helper/error.h"
#include "helper/image_commit.h"
#include "helper/task.h"

namespace labgpu {

// "20261128-181305", in UTC.
std::string snapshot_name_of(uint64_t microseconds);

// Letters, digits, '-', '_' and '.', not beginning with '-' or '.', and 64 at most: a tag of
// Docker's.
Result<void> check_snapshot_name(std::string_view name);

// Of a list of Docker's those of that account, the oldest first.
std::vector<Snapshot> snapshots_in(const std::vector<ImageDetails>& images,
                                   const ContainerOwner& owner);

class SnapshotImages {
 public:
  // `docker` must outlive the object, the object its calls.
  explicit SnapshotImages(DockerClient& docker) : docker_(docker) {}

  Task<Result<std::vector<Snapshot>>> list(ContainerOwner owner);
  // The image that a snapshot of the container is to be, when its name is good and free and there
  // are less than `most` (0: any number). `wanted` has the user's name for it, note and automatic.
  Task<Result<Commit>> plan(ContainerDetails container, Snapshot wanted, uint32_t most);
  Task<Result<Snapshot>> find(ContainerOwner owner, std::string name);
  // What a container that is made from it is made from.
  Task<Result<MadeImage>> origin(Snapshot snapshot);
  Task<Result<void>> remove(Snapshot snapshot);
  Task<Result<void>> remove_all(ContainerOwner owner);

 private:
  DockerClient& docker_;
};

}  // namespace labgpu
