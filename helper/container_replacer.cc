// Replacing a container step by step, and the way back from every step.
#include "helper/container_replacer.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "helper/aside_name.h"
#include "helper/container_spec.h"
#include "helper/init_connection.h"
#include "helper/kept_images.h"
#include "helper/log.h"

namespace labgpu {

namespace {

bool is_gone(const Result<void>& removed) {
  return removed || removed.error().code == ErrorCode::kNotFound;
}

std::string label_of(const ContainerDetails& container, const char* name) {
  auto found = container.labels.find(name);
  return found == container.labels.end() ? "" : found->second;
}

}  // namespace

// One replacement under way: what was done so far.
struct ContainerReplacer::Job {
  ContainerOwner owner;
  std::optional<ContainerDetails> old;  // under the name that it has, or is being given
  Successor successor;
  Replacement wanted;
  bool committed = false;
  std::string id = {};  // of the new one; empty before it is made
};

Task<Result<void>> ContainerReplacer::replace(Account account, std::optional<ContainerDetails> old,
                                              Replacement wanted) {
  // All that can be refused is, before anything changes.
  if (old && wanted.commit) {
    if (auto may = check_has_no_volumes(*old); !may) co_return may;
  }
  Result<Successor> successor = co_await starter_.prepare_successor(account, wanted.from);
  if (!successor) co_return Failed(successor.error());
  successor->specification["Labels"][kLabelReplaces] = old ? old->id : "";

  Job job{.owner = {account.name, account.uid},
          .old = std::move(old),
          .successor = std::move(*successor),
          .wanted = std::move(wanted)};
  Result<void> done = co_await set_aside(job);
  if (done) done = co_await bring_up(job);
  if (!done) {
    Result<void> undone = co_await undo(job);
    if (undone) co_return wrap("the container of " + account.name + " is as it was", done.error());
    co_return wrap("the container of " + account.name +
                       " could neither be made anew nor put back yet, which labgpud does when "
                       "Docker answers again (" +
                       undone.error().message + ")",
                   done.error());
  }
  log(LogLevel::kNotice, "made the container anew",
      {{kLogUser, account.name}, {kLogContainer, job.successor.name}});
  if (!job.old) co_return Result<void>();
  // The new one is good: what is left of the old one is no reason to fail.
  Result<void> finished = co_await finish(job.owner, *job.old, job.id);
  if (!finished) log(LogLevel::kWarning, finished.error().message, {{kLogUser, account.name}});
  co_return Result<void>();
}

// Under its new name it goes on running until it is stopped, so that the name tells that it ran.
Task<Result<void>> ContainerReplacer::set_aside(Job& job) {
  if (!job.old) co_return Result<void>();
  job.wanted.on_step("stopping the container");
  std::string name = aside_name(*job.old);
  if (std::exchange(job.old->name, name) != name) {
    Result<void> renamed = co_await docker_.rename_container(job.old->id, std::move(name));
    if (!renamed) co_return renamed;
  }
  Result<void> stopped = co_await stop(job.owner.user, job.old->id);
  co_return stopped;
}

// The image is made of a container that has stopped: what its processes wrote at their end is in
// it, and no file is half written.
Task<Result<void>> ContainerReplacer::bring_up(Job& job) {
  if (job.old && job.wanted.commit) {
    job.wanted.on_step("saving what is in it");
    job.committed = true;  // perhaps also when Docker's answer is lost
    Result<void> committed = co_await commit_as_image(docker_, *job.old, job.wanted.commit->image,
                                                      job.wanted.commit->labels);
    if (!committed) co_return committed;
  }
  job.wanted.on_step("making the new container");
  Result<std::string> created =
      co_await docker_.create_container(job.successor.name, job.successor.specification);
  if (!created) co_return Failed(created.error());
  job.id = *created;
  Result<void> answers = co_await start_and_ask(job.owner, job.id);
  co_return answers;
}

Task<Result<void>> ContainerReplacer::stop(std::string user, std::string id) {
  history_.expect_end(user, EndCause::kAsked);
  std::chrono::seconds grace(kStopGraceSeconds);
  Result<void> stopped = co_await docker_.stop_container(id, grace);
  if (stopped) {
    memory_.drop(id);
  } else {
    history_.expect_no_end(user);
  }
  co_return stopped;
}

Task<Result<void>> ContainerReplacer::start_and_ask(ContainerOwner owner, std::string id) {
  Result<void> started = co_await docker_.start_container(id);
  if (!started) co_return started;
  Result<Running> running = co_await starter_.wait_running(owner, id);
  if (!running) co_return Failed(running.error());
  Result<UniqueFd> init = co_await reach_init(loop_, *running, owner.user);
  if (!init) co_return Failed(init.error());
  memory_.put(owner, *running);
  co_return Result<void>();
}

Task<Result<void>> ContainerReplacer::undo(Job& job) {
  Result<void> done;
  if (job.old) {
    done = co_await settle_all(job.owner, /*judge=*/false);
  } else if (!job.id.empty()) {
    done = co_await docker_.remove_container(job.id);
  }
  if (job.committed) {
    Result<void> forgotten = co_await docker_.remove_image(job.wanted.commit->image);
    if (!is_gone(forgotten)) {
      log(LogLevel::kWarning, forgotten.error().message, {{kLogUser, job.owner.user}});
    }
  }
  co_return done;
}

Task<Result<void>> ContainerReplacer::put_back(ContainerOwner owner, ContainerDetails aside,
                                               std::string successor) {
  if (!successor.empty()) {
    Result<void> removed = co_await docker_.remove_container(successor);
    if (!is_gone(removed)) co_return removed;
    memory_.drop(successor);
  }
  WasBefore before = was_before(aside).value();
  Result<void> renamed = co_await docker_.rename_container(aside.id, before.name);
  if (!renamed) co_return renamed;
  log(LogLevel::kNotice, "put the container back",
      {{kLogUser, owner.user}, {kLogContainer, before.name}});
  if (!before.ran) co_return Result<void>();
  Result<void> started = co_await docker_.start_container(aside.id);
  if (!started) co_return started;
  Result<Running> running = co_await starter_.wait_running(owner, aside.id);
  if (running) memory_.put(owner, *running);
  co_return running.map([](const auto&) {});
}

// Stopped first where the old one was, so that an end in between leaves a container that is asked
// again and not one that runs for nobody.
Task<Result<void>> ContainerReplacer::finish(ContainerOwner owner, ContainerDetails aside,
                                             std::string successor) {
  if (!was_before(aside).value().ran) {
    Result<void> stopped = co_await stop(owner.user, successor);
    if (!stopped) co_return stopped;
  }
  Result<void> removed = co_await docker_.remove_container(aside.id);
  if (!is_gone(removed)) co_return removed;
  co_await forget_unused_images(docker_, owner.user, owner.uid);
  co_return Result<void>();
}

Task<Result<void>> ContainerReplacer::settle(ContainerOwner owner) {
  Result<void> settled = co_await settle_all(std::move(owner), /*judge=*/true);
  co_return settled;
}

// Docker is asked what there is, also after a failure: it may have done what it did not answer.
Task<Result<void>> ContainerReplacer::settle_all(ContainerOwner owner, bool judge) {
  Result<std::vector<ContainerDetails>> all = co_await starter_.find_all(owner.user);
  if (!all) co_return Failed(all.error());
  std::erase_if(*all, [&](const auto& one) { return starter_.owner(one)->uid != owner.uid; });
  for (const ContainerDetails& aside : *all) {
    if (!was_before(aside)) continue;
    auto successor = std::find_if(all->begin(), all->end(), [&](const ContainerDetails& one) {
      return label_of(one, kLabelReplaces) == aside.id;
    });
    std::string id = successor == all->end() ? "" : successor->id;
    bool may_be_good = judge && !id.empty() && successor->state != "created";
    Result<void> settled = co_await settle_one(owner, aside, std::move(id), may_be_good);
    if (!settled) co_return settled;
  }
  co_return Result<void>();
}

Task<Result<void>> ContainerReplacer::settle_one(ContainerOwner owner, ContainerDetails aside,
                                                 std::string successor, bool may_be_good) {
  bool answers = false;
  if (may_be_good) {
    Result<void> asked = co_await start_and_ask(owner, successor);
    answers = asked.has_value();
    if (!asked) log(LogLevel::kWarning, asked.error().message, {{kLogUser, owner.user}});
  }
  Result<void> settled;
  if (answers) {
    settled = co_await finish(owner, std::move(aside), std::move(successor));
  } else {
    settled = co_await put_back(owner, std::move(aside), std::move(successor));
    if (settled) co_await forget_unused_images(docker_, owner.user, owner.uid);
  }
  co_return settled;
}

}  // namespace labgpu
