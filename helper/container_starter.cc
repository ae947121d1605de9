// Finding, creating and starting one container.
#include "helper/container_starter.h"

#include <algorithm>
#include <utility>

#include "helper/account_settings.h"
#include "helper/aside_name.h"
#include "helper/container_directories.h"
#include "helper/container_process.h"
#include "helper/image_labels.h"
#include "helper/life_log.h"
#include "helper/text_list.h"

namespace labgpu {

namespace {

using std::chrono::milliseconds;
using Running = std::shared_ptr<const RunningContainer>;

// How often and for how long a container that Docker restarts by itself is looked at again.
constexpr milliseconds kRetryDelay{100};
constexpr milliseconds kPatience{5000};
// All that labgpu can have made for one name are a few, former accounts' included.
constexpr size_t kMostOfOne = 64;

std::string logs_of(const ContainerDetails& details) {
  return "; docker logs " + details.name + " may say why";
}

// Where Docker keeps its images may be anywhere, below a directory of data too.
Result<void> check_engine_hidden(const EngineInfo& engine, const std::vector<Mount>& mounts) {
  const std::string own[] = {engine.root_directory};
  for (const Mount& mount : mounts) {
    if (engine.root_directory.empty()) break;
    if (auto hidden = check_mount_source(mount, own); !hidden) return hidden;
  }
  return {};
}

}  // namespace

ContainerStarter::ContainerStarter(EventLoop& loop, DockerClient& docker, const Config& config,
                                   ContainerHistory& history, std::string state_directory)
    : loop_(loop),
      docker_(docker),
      config_(config),
      history_(history),
      state_directory_(std::move(state_directory)) {}

Task<Result<std::vector<ContainerDetails>>> ContainerStarter::find_all(std::string user) {
  std::string label = std::string(kLabelUser) + "=" + user;
  Result<std::vector<ContainerSummary>> list = co_await docker_.list_containers(std::move(label));
  if (!list) co_return Failed(list.error());
  if (list->size() > kMostOfOne) {
    co_return fail(ErrorCode::kInvalid, user + " has " + std::to_string(list->size()) +
                                            " containers; remove those that are not needed with "
                                            "docker rm");
  }
  std::vector<ContainerDetails> found;
  for (const ContainerSummary& summary : *list) {
    Result<ContainerDetails> details = co_await docker_.inspect_container(summary.id);
    if (!details && details.error().code == ErrorCode::kNotFound) continue;  // gone meanwhile
    if (!details) co_return Failed(details.error());
    if (owner(*details)) found.push_back(std::move(*details));
  }
  co_return found;
}

Task<Result<std::optional<ContainerDetails>>> ContainerStarter::find(Account account) {
  Result<Settings> settings = settings_of(config_, account);
  if (!settings) co_return Failed(settings.error());
  Result<std::vector<ContainerDetails>> all = co_await find_all(account.name);
  if (!all) co_return Failed(all.error());
  auto is_aside = [](const ContainerDetails& one) { return was_before(one).has_value(); };
  if (!std::all_of(all->begin(), all->end(), is_aside)) std::erase_if(*all, is_aside);
  if (all->empty()) co_return std::optional<ContainerDetails>();
  ContainerDetails* chosen = all->size() == 1 ? all->data() : nullptr;
  for (ContainerDetails& details : *all) {
    if (details.name == settings->container_name) chosen = &details;
  }
  if (chosen == nullptr) {
    co_return fail(ErrorCode::kExists, account.name + " has several containers, such as " +
                                           all->front().name + " and " + all->back().name +
                                           "; remove all but one with docker rm");
  }
  if (owner(*chosen)->uid != account.uid) {
    co_return fail(ErrorCode::kExists, "the container " + chosen->name +
                                           " is of a former account " + account.name +
                                           "; remove it with docker rm " + chosen->name);
  }
  co_return std::optional<ContainerDetails>(std::move(*chosen));
}

Task<Result<HostFacts>> ContainerStarter::ask_facts() {
  Result<EngineInfo> engine = co_await docker_.info();
  if (!engine) co_return Failed(engine.error());
  co_return find_host_facts(*engine, config_.gpu_access);
}

Task<Result<ContainerChanges>> ContainerStarter::changes(Account account,
                                                         ContainerDetails details) {
  Result<Settings> settings = settings_of(config_, account);
  if (!settings) co_return Failed(settings.error());
  std::optional<GpuAccess> access;
  if (settings->gpus.kind != GpuChoice::Kind::kNone) {
    Result<HostFacts> facts = co_await ask_facts();
    if (!facts) co_return Failed(facts.error());
    access = facts->gpus;
  }
  co_return changes_of(details, *settings, access, count_cpus());
}

Task<Result<std::vector<std::string>>> ContainerStarter::apply_live(Account account,
                                                                    ContainerDetails details) {
  Result<Settings> settings = settings_of(config_, account);
  if (!settings) co_return Failed(settings.error());
  uint32_t cpus = count_cpus();
  std::vector<std::string> keys = changes_of(details, *settings, std::nullopt, cpus).live;
  if (keys.empty()) co_return keys;
  nlohmann::json body = live_update(keys, *settings, cpus);
  Result<void> changed = co_await docker_.update_container(details.id, std::move(body));
  if (!changed) co_return Failed(changed.error());
  log(LogLevel::kNotice, "changed " + join(keys, ", ") + " of the container",
      {{kLogUser, account.name}, {kLogContainer, details.name}});
  co_return keys;
}

// Docker starts nothing whose mount sources are not there.
Result<void> ContainerStarter::prepare_host(const Account& account,
                                            const std::vector<Mount>& mounts) const {
  Result<ContainerDirectories> own = open_container_directories(state_directory_, account.name);
  if (!own) return Failed(own.error());
  return prepare_mount_sources(account, mounts);
}

// A container that never ran, perhaps because its settings did not let it, holds nothing of
// anybody's: it goes when it would be another one now.
Task<Result<bool>> ContainerStarter::discard_unused(Account account, ContainerDetails found) {
  if (found.state != "created") co_return false;
  Result<ContainerChanges> differing = co_await changes(std::move(account), found);
  if (!differing) co_return Failed(differing.error());
  if (differing->rebuild.empty()) co_return false;
  Result<void> removed = co_await docker_.remove_container(found.id);
  if (!removed) co_return Failed(removed.error());
  co_return true;
}

Task<Result<Running>> ContainerStarter::start(Account account, std::string& missing_image) {
  Result<Settings> settings = settings_of(config_, account);
  if (!settings) co_return Failed(settings.error());
  Result<std::optional<ContainerDetails>> found = co_await find(account);
  if (!found) co_return Failed(found.error());
  if (*found) {
    Result<bool> discarded = co_await discard_unused(account, **found);
    if (!discarded) co_return Failed(discarded.error());
    if (*discarded) found->reset();
  }
  // What a container mounts was decided when it was made.
  std::vector<Mount> mounts =
      *found ? made_with(**found).mounts.value_or(settings->mounts) : settings->mounts;
  Result<void> prepared = prepare_host(account, mounts);
  if (!prepared) co_return Failed(prepared.error());

  std::string id;
  if (*found) {
    id = (*found)->id;
    Result<void> woken = co_await wake(account, **found);
    if (!woken) co_return Failed(woken.error());
  } else {
    Result<std::string> created = co_await create(account, *settings, missing_image);
    if (!created) co_return Failed(created.error());
    id = *created;
    Result<void> started = co_await docker_.start_container(id);
    if (!started) co_return Failed(started.error());
  }
  ContainerOwner owner{account.name, account.uid};
  Result<Running> running = co_await wait_running(std::move(owner), id);
  if (running) {
    log_life(LogLevel::kNotice, LifeEvent::kStarted, account.name, (*running)->name,
             "started the container");
  }
  co_return running;
}

// One that is not here is for the create to miss.
Task<Result<void>> ContainerStarter::check_image(std::string image) {
  Result<ImageDetails> found = co_await docker_.inspect_image(image);
  if (found) co_return check_labels(image, *found);
  if (found.error().code == ErrorCode::kNotFound) co_return Result<void>();
  co_return Failed(found.error());
}

Task<Result<nlohmann::json>> ContainerStarter::specify(Account account, Settings settings) {
  Result<EngineInfo> engine = co_await docker_.info();
  if (!engine) co_return Failed(engine.error());
  Result<void> shown = check_engine_hidden(*engine, settings.mounts);
  if (!shown) co_return wrap("the container of " + account.name, shown.error());
  HostFacts facts = find_host_facts(*engine, config_.gpu_access);
  co_return container_specification(account, settings, facts, config_, state_directory_);
}

Task<Result<Successor>> ContainerStarter::prepare_successor(Account account,
                                                            std::optional<MadeImage> from) {
  Result<Settings> settings = settings_of(config_, account);
  if (!settings) co_return Failed(settings.error());
  // Its label says so, and whoever changed that setting since is told that it does not count yet.
  if (from && !from->counts_as.empty()) settings->image = from->counts_as;
  Result<void> prepared = prepare_host(account, settings->mounts);
  if (!prepared) co_return Failed(prepared.error());
  Result<nlohmann::json> specification = co_await specify(account, *settings);
  if (!specification) co_return Failed(specification.error());
  if (from) (*specification)["Image"] = from->image;
  std::string image = from ? from->image : settings->image;
  Result<void> fits = co_await check_image(std::move(image));
  if (!fits) co_return Failed(fits.error());
  co_return Successor{settings->container_name, std::move(*specification)};
}

Task<Result<std::string>> ContainerStarter::create(Account account, Settings settings,
                                                   std::string& missing_image) {
  Result<nlohmann::json> specification = co_await specify(account, settings);
  if (!specification) co_return Failed(specification.error());
  Result<void> fits = co_await check_image(settings.image);
  if (!fits) co_return Failed(fits.error());
  Result<std::string> created =
      co_await docker_.create_container(settings.container_name, *specification);
  if (created) {
    log_life(LogLevel::kNotice, LifeEvent::kCreated, account.name, settings.container_name,
             "created the container");
    co_return created;
  }
  // The one thing that a create can miss is its image.
  if (created.error().code == ErrorCode::kNotFound) missing_image = settings.image;
  if (created.error().code == ErrorCode::kExists) {
    Result<std::string> adopted = co_await adopt(std::move(account), std::move(settings));
    co_return adopted;
  }
  co_return created;
}

// The name is taken: by another helper's create a moment ago, or by a stranger.
Task<Result<std::string>> ContainerStarter::adopt(Account account, Settings settings) {
  Result<ContainerDetails> details = co_await docker_.inspect_container(settings.container_name);
  if (!details) co_return Failed(details.error());
  std::optional<ContainerOwner> theirs = owner(*details);
  if (theirs && theirs->user == account.name && theirs->uid == account.uid) co_return details->id;
  std::string whose =
      theirs ? "a container of " + theirs->user + "'s" : "one that labgpu did not make";
  co_return fail(ErrorCode::kExists, "the container name " + settings.container_name + " of " +
                                         account.name + " is taken by " + whose +
                                         "; rename or remove that, or change the setting "
                                         "container_name");
}

Task<Result<void>> ContainerStarter::wake(Account account, ContainerDetails found) {
  if (found.state == "removing" || found.state == "dead") {
    co_return fail(ErrorCode::kUnavailable, "the container " + found.name +
                                                " is being removed; if that does not end, run: "
                                                "docker rm -f " +
                                                found.name);
  }
  if (found.state == "exited") history_.note_stopped({account.name, account.uid}, found);
  // With other limits than it should have it is still better than none.
  Result<std::vector<std::string>> applied = co_await apply_live(account, found);
  if (!applied) log(LogLevel::kWarning, applied.error().message, {{kLogUser, account.name}});
  // A paused container's processes are frozen: a login would hang.
  Result<void> woken;
  if (found.state == "paused") {
    woken = co_await docker_.unpause_container(found.id);
  } else {
    woken = co_await docker_.start_container(found.id);
  }
  co_return woken;
}

// Once is enough but for a container that ends and that Docker starts anew.
Task<Result<Running>> ContainerStarter::wait_running(ContainerOwner owner, std::string id) {
  const auto last = std::chrono::steady_clock::now() + kPatience;
  for (;;) {
    Result<ContainerDetails> details = co_await docker_.inspect_container(id);
    if (!details) co_return Failed(details.error());
    Result<Running> opened = fail(ErrorCode::kUnavailable, "its state is " + details->state);
    if (details->state == "running") opened = open(*details, owner);
    if (opened) {
      history_.note_running(owner, *details);
      co_return opened;
    }
    bool may_come = details->state == "running" || details->state == "restarting";
    if (!may_come || std::chrono::steady_clock::now() > last) {
      co_return fail(ErrorCode::kUnavailable,
                     "the container " + details->name + " does not stay up (" +
                         opened.error().message + ", exit code " +
                         std::to_string(details->exit_code) + ")" + logs_of(*details));
    }
    co_await loop_.sleep(kRetryDelay);
  }
}

Result<Running> ContainerStarter::open(const ContainerDetails& details,
                                       const ContainerOwner& owner) const {
  Result<ContainerProcess> process = open_container_process(details.pid, details.id);
  if (!process) return wrap("the container " + details.name, process.error());
  Result<ContainerDirectories> directories =
      open_container_directories(state_directory_, owner.user);
  if (!directories) return Failed(directories.error());
  link_name_files(details, owner);
  auto running = std::make_shared<RunningContainer>();
  running->id = details.id;
  running->name = details.name;
  running->init_pid = details.pid;
  running->init_pidfd = std::move(process->pidfd);
  running->net_namespace = std::move(process->net_namespace);
  running->uts_namespace = std::move(process->uts_namespace);
  running->tmp_directory = std::move(directories->tmp);
  running->run_directory = std::move(directories->run);
  return Running(std::move(running));
}

// Without them, forwardings resolve names as the host does: no reason to refuse a login.
void ContainerStarter::link_name_files(const ContainerDetails& details,
                                       const ContainerOwner& owner) const {
  const std::pair<const char*, const std::string&> files[] = {
      {"hosts", details.hosts_path}, {"resolv.conf", details.resolv_conf_path}};
  for (const auto& [name, target] : files) {
    Result<void> linked = link_beside_directories(state_directory_, owner.user, name, target);
    if (!linked) log(LogLevel::kWarning, linked.error().message, {{kLogUser, owner.user}});
  }
}

}  // namespace labgpu
