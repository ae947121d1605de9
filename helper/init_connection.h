// The helper's connection to a container's init: the one place where it opens what a user made.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "common/unique_fd.h"
#include "helper/account.h"
#include "helper/containers.h"
#include "helper/error.h"
#include "helper/event_loop.h"
#include "helper/settings.h"
#include "helper/task.h"

namespace labgpu {

// A connection to init on which Hello and Identity were sent: ready for the session command, which
// sees whether init answers. Container root owns the directory and can put anything there, so: the
// name is opened without following links, must be a socket, is connected to as that very file, and
// the process that listens must be the container's init. Waits up to 10 seconds for an init that
// has only just started, and no longer than it lives. kUnavailable, or kTimeout when it does not
// take what is sent, with a sentence for the user.
Task<Result<UniqueFd>> connect_init(EventLoop& loop,
                                    std::shared_ptr<const RunningContainer> container,
                                    Account account, LoginAs login);

// Whether that container's init speaks to who connects, within `patience`.
Task<bool> init_answers(EventLoop& loop, std::shared_ptr<const RunningContainer> container,
                        std::chrono::milliseconds patience);

// For the user whose container's init does not answer.
std::string silent_init(const std::string& user);

// The same connection without a word on it: whether the container's init is there.
Task<Result<UniqueFd>> reach_init(EventLoop& loop,
                                  std::shared_ptr<const RunningContainer> container,
                                  std::string user);

}  // namespace labgpu
