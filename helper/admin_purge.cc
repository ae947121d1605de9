// PurgeUser of org.labgpu: an account goes with everything that it had.
#include <sys/stat.h>

#include <functional>
#include <memory>
#include <utility>

#include "helper/account_directories.h"
#include "helper/admin_methods.h"
#include "helper/admin_replies.h"
#include "helper/home_directory.h"
#include "helper/reservation.h"
#include "helper/settings_values.h"

namespace labgpu {

namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds kMeasuring = std::chrono::seconds(10);  // each directory
constexpr std::chrono::milliseconds kTelling = std::chrono::seconds(1);

// Tells once in a while how much is gone, as long as it lives.
class RemovalProgress {
 public:
  RemovalProgress(EventLoop& loop, const VarlinkCall& call, std::shared_ptr<TreeWork> work)
      : loop_(loop), call_(call), work_(std::move(work)) {
    arm();
  }

 private:
  void arm() {
    timer_ = loop_.after(kTelling, [this] {
      call_.tell({{"removed", work_->entries.load()}});
      arm();
    });
  }
  EventLoop& loop_;
  const VarlinkCall& call_;
  std::shared_ptr<TreeWork> work_;
  EventSource timer_;
};

json purge_reply(const Account& account, const json& container,
                 const AccountDirectories& directories) {
  auto own = json::array();
  for (const auto& path : directories.own) own.push_back({{"path", path}});
  return {{"name", account.name},
          {"uid", account.uid},
          {"home", account.home},
          {"keys", account.authorized_keys.size()},
          {"containerName", container.at("name")},
          {"containerState", container.at("state")},
          {"sessions", container.at("sessions")},
          {"directories", std::move(own)},
          {"kept", directories.shared}};
}

void note_size(json& directory, const TreeSize& size) {
  directory["entries"] = size.entries;
  directory["bytes"] = size.bytes;
  directory["counted"] = size.whole;
}

json reply_with(json purge) { return {{"purge", std::move(purge)}}; }

// A record that somebody wrote by hand may have any directory as the home.
Result<void> check_home_is_own(const Account& account, const std::string& usual) {
  struct stat status {};
  if (account.home == usual || lstat(account.home.c_str(), &status) != 0 ||
      status.st_uid == account.uid) {
    return {};
  }
  return fail(ErrorCode::kInvalid,
              "the home of " + account.name + ", " + account.home + ", belongs to uid " +
                  std::to_string(status.st_uid) +
                  ": remove the account without purging it, or give it the directory");
}

Result<AccountPointer> set_locked(AccountStore& accounts, const AccountPointer& account,
                                  bool locked) {
  if (account->locked == locked) return account;
  Account changed = *account;
  changed.locked = locked;
  return accounts.put_if_unchanged(account, changed);
}

}  // namespace

Result<void> AdminMethods::refuse_while_purged(const std::string& name) const {
  if (!being_purged_.contains(name)) return {};
  return fail(ErrorCode::kUnavailable, name + " is being purged");
}

Result<void> AdminMethods::check_purge(const Account& account, bool force) const {
  const auto& name = account.name;
  if (auto may = refuse_while_purged(name); !may) return may;
  if (account.bridged) {
    return fail(ErrorCode::kInvalid,
                name +
                    " is an account of this server, whose home is not labgpu's to delete; without "
                    "--purge its record is forgotten");
  }
  auto own = check_home_is_own(account, fill_in(config_.home, name).value_or(""));
  auto open = logins_.count_of(name);
  if (!own || force || open == 0) return own;
  return fail(ErrorCode::kUnavailable, name + " has " + std::to_string(open) +
                                           (open == 1 ? " session" : " sessions") +
                                           " open: wait for the end, or end them with --force");
}

// labgpu's own directory for the container comes last, and only when no former account's container
// of that name has it mounted.
Task<Result<json>> AdminMethods::plan_purge(AccountPointer account) {
  auto directories = directories_of(*account, accounts_, config_);
  if (!directories) co_return Failed(directories.error());
  auto asking = containers_.status(*account);
  auto status = co_await asking;
  if (status) directories->own.push_back(containers_.directory_of(*account));
  ContainerStatus none;
  auto container = container_reply(status ? *status : none, logins_.count_of(account->name));
  co_return purge_reply(*account, container, *directories);
}

Task<Result<void>> AdminMethods::measure(json& directories) {
  TreeJobs jobs;
  for (auto& directory : directories) {
    auto path = directory["path"].get<std::string>();
    std::function<Result<TreeSize>()> measuring = [path, work = jobs.work()] {
      return measure_own_directory(path, kMeasuring, *work);
    };
    auto counting = tree_worker_.run(std::move(measuring));
    auto size = co_await counting;
    if (!size) co_return Failed(size.error());
    note_size(directory, *size);
  }
  co_return Result<void>();
}

Task<Result<void>> AdminMethods::remove_trees(std::vector<std::string> paths,
                                              std::shared_ptr<TreeWork> work) {
  for (const auto& path : paths) {
    std::function<Result<void>()> removing = [path, work] {
      return remove_own_directory(path, *work);
    };
    auto running = tree_worker_.run(std::move(removing));
    auto removed = co_await running;
    if (!removed) co_return removed;
  }
  co_return Result<void>();
}

// In this order: the account stays until there is nothing left that it stands for.
Task<Result<void>> AdminMethods::purge(AccountPointer account, const VarlinkCall& call) {
  const auto& name = account->name;
  if (accounts_.find(name) != account) {
    co_return fail(ErrorCode::kUnavailable,
                   name + " was changed by somebody else at the same time: try again");
  }
  auto directories = directories_of(*account, accounts_, config_);
  if (!directories) co_return Failed(directories.error());
  Reservation reservation(being_purged_, name);
  TreeJobs jobs;
  RemovalProgress telling(loop_, call, jobs.work());
  auto locked = set_locked(accounts_, account, true);
  if (!locked) co_return Failed(locked.error());

  auto removing = containers_.remove(*account);
  auto removed = co_await removing;
  if (!removed && removed.error().code != ErrorCode::kSystem) {
    auto unlocked = set_locked(accounts_, *locked, account->locked);
    co_return wrap(
        name + (unlocked ? " is not purged, and as it was" : " is not purged, but locked now"),
        removed.error());
  }
  if (removed) {
    auto forgetting = images_.remove_builds(*account, {}, 0);
    removed = co_await forgetting;
  }
  if (removed) {
    auto emptying = remove_trees(std::move(directories->own), jobs.work());
    removed = co_await emptying;
  }
  if (!removed) {
    co_return wrap(name + " is locked and not purged whole; when this is mended, purge it again",
                   removed.error());
  }
  auto now = accounts_.find(name);
  if (!now || now->uid != account->uid) co_return Result<void>();
  co_return accounts_.remove(now);
}

Task<VarlinkReply> AdminMethods::purge_user(const VarlinkCall& call) {
  JsonFields fields(call.parameters, "");
  bool dry_run = fields.boolean("dryRun").value_or(false);
  bool force = fields.boolean("force").value_or(false);
  auto account = named_account(accounts_, fields);
  if (!account) co_return VarlinkFailed(account.error());
  auto planning = plan_purge(*account);
  auto plan = co_await planning;
  if (!plan) co_return account_failed(plan.error());
  if (auto may = check_purge(**account, force); !may) co_return account_failed(may.error());
  Result<void> done;
  if (dry_run) {
    auto measuring = measure((*plan)["directories"]);
    done = co_await measuring;
  } else {
    auto purging = purge(*account, call);
    done = co_await purging;
  }
  if (!done) co_return account_failed(done.error());
  co_return reply_with(std::move(*plan));
}

}  // namespace labgpu
