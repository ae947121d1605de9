// A new container takes the place of an account's old one, or everything is as it was.
//
// The old one is set aside under a name that says what it was (aside_name.h), stopped, and removed
// only when the new one's init has answered. The new one's label says whose place it takes. So
// whatever happens in between, also the end of the helper after any request to Docker, settle()
// finds out what there is and ends it one way or the other.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "helper/container_history.h"
#include "helper/container_starter.h"
#include "helper/containers.h"
#include "helper/docker_client.h"
#include "helper/error.h"
#include "helper/event_loop.h"
#include "helper/image_commit.h"
#include "helper/running_containers.h"
#include "helper/task.h"

namespace labgpu {

struct Replacement {
  std::optional<MadeImage> from;  // else: the settings' image
  std::optional<Commit> commit;
  OnStep on_step;
};

class ContainerReplacer {
 public:
  // Everything given must outlive the replacer, the replacer its calls.
  ContainerReplacer(EventLoop& loop, DockerClient& docker, ContainerStarter& starter,
                    RunningContainers& memory, ContainerHistory& history)
      : loop_(loop), docker_(docker), starter_(starter), memory_(memory), history_(history) {}

  // `old` may be none. Whether the new container runs in the end follows the old one; with none it
  // runs. On an error the old one is as it was; when Docker does not even let it be put back, the
  // error says so, and settle() does it later. Calls for one account must not overlap.
  Task<Result<void>> replace(Account account, std::optional<ContainerDetails> old,
                             Replacement wanted);

  // Puts right what a replacement left that did not come to its end.
  Task<Result<void>> settle(ContainerOwner owner);

 private:
  using Running = std::shared_ptr<const RunningContainer>;
  struct Job;
  Task<Result<void>> set_aside(Job& job);
  Task<Result<void>> bring_up(Job& job);
  Task<Result<void>> start_and_ask(ContainerOwner owner, std::string id);
  Task<Result<void>> put_back(ContainerOwner owner, ContainerDetails aside, std::string successor);
  Task<Result<void>> finish(ContainerOwner owner, ContainerDetails aside, std::string successor);
  Task<Result<void>> stop(std::string user, std::string id);
  Task<Result<void>> undo(Job& job);
  // Without `judge`, no successor is good.
  Task<Result<void>> settle_all(ContainerOwner owner, bool judge);
  Task<Result<void>> settle_one(ContainerOwner owner, ContainerDetails aside, std::string successor,
                                bool may_be_good);

  EventLoop& loop_;
  DockerClient& docker_;
  ContainerStarter& starter_;
  RunningContainers& memory_;
  ContainerHistory& history_;
};

}  // namespace labgpu
