// The methods of org.labgpu: accounts, keys and containers, for administrators and for users
// themselves.
//
// helper/org.labgpu.varlink says what each does; the table in admin_methods.cc says who may call
// it.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "common/paths.h"
#include "helper/account_store.h"
#include "helper/attempt_limit.h"
#include "helper/config.h"
#include "helper/containers.h"
#include "helper/directory_tree.h"
#include "helper/error.h"
#include "helper/event_loop.h"
#include "helper/gpu_monitor.h"
#include "helper/idle_watch.h"
#include "helper/images.h"
#include "helper/logins.h"
#include "helper/maintenance.h"
#include "helper/password_changes.h"
#include "helper/port_reservations.h"
#include "helper/task.h"
#include "helper/varlink_server.h"
#include "helper/worker.h"

namespace labgpu {

class AdminMethods final : public VarlinkInterface {
 public:
  // What somebody may change of their own account within the period: each is work for Docker and a
  // line of the log.
  static constexpr unsigned kMostOwnerChanges = 60;
  static constexpr std::chrono::milliseconds kOwnerChangesPeriod{60000};

  // Everything given must outlive the object. `admin_group`: whose members may what root may.
  AdminMethods(EventLoop& loop, AccountStore& accounts, Containers& containers,
               Maintenance& maintenance, const Config& config, std::optional<gid_t> admin_group,
               Logins& logins, PasswordChanges& passwords, Images& images,
               std::string gpu_socket = kGpuSocket);

  // Containers are told of with the times at which `watch` will stop them. It must outlive the
  // object, too.
  void tell_idle_times(const IdleWatch& watch) { idle_watch_ = &watch; }

  [[nodiscard]] std::string name() const override;
  [[nodiscard]] std::string description() const override;
  [[nodiscard]] bool is_admin(const Peer& peer) const override;
  Task<VarlinkReply> call(VarlinkCall call) override;

 private:
  enum class Caller {
    kAdmin,       // root, and members of the group labgpu-admin
    kOwner,       // these, and a user for the account with their uid, which `name` has to be
    kOwnerAlone,  // that user, and no administrator who is not
    kAnyOwner,    // administrators and every user; it is about no account
  };
  // What only files need is done at once; what Docker has to do with takes its time; what takes so
  // long that somebody will ask tells how far it is.
  using AtOnce = VarlinkReply (AdminMethods::*)(const nlohmann::json& parameters);
  using InTime = Task<VarlinkReply> (AdminMethods::*)(const nlohmann::json& parameters);
  using Telling = Task<VarlinkReply> (AdminMethods::*)(const VarlinkCall& call);
  struct Method {
    const char* name;
    Caller caller;
    bool changes_something;  // and is logged
    std::variant<AtOnce, InTime, Telling> handle;
    const char* of_host = nullptr;  // instead, for whoever owns an account of the host
  };
  static const Method kMethods[];

  // Nothing when the peer may call that. A name that an owner leaves out is filled in.
  [[nodiscard]] std::optional<VarlinkError> refuse(const Method& method, VarlinkCall& call);
  [[nodiscard]] std::optional<std::string> refuse_owner(const Method& method, const Account& own,
                                                        nlohmann::json& parameters);

  // admin_accounts.cc
  Task<VarlinkReply> add_user(const nlohmann::json& parameters);
  VarlinkReply list_users(const nlohmann::json& parameters);
  VarlinkReply get_user(const nlohmann::json& parameters);
  Task<VarlinkReply> set_user(const nlohmann::json& parameters);
  VarlinkReply add_key(const nlohmann::json& parameters);
  VarlinkReply list_keys(const nlohmann::json& parameters);
  VarlinkReply remove_key(const nlohmann::json& parameters);
  Result<AccountPointer> create_account(Account account);
  Result<AccountPointer> change(const AccountPointer& seen, Account changed);

  // admin_settings.cc
  // Refuses settings that the server does not allow or cannot give, and reserves their ports.
  Result<void> prepare_settings(Account& account, const TakenPorts& taken) const;
  // Has Docker change what it can, and tells it with the container's status.
  Task<nlohmann::json> apply_change(AccountPointer account);

  // admin_import.cc
  Task<VarlinkReply> import_users(const VarlinkCall& call);
  VarlinkReply export_users(const nlohmann::json& parameters);
  // Fills in the home and the ports, which are taken then.
  void check_new_account(Account& account, TakenPorts& taken, std::string& problem) const;

  // admin_passwords.cc
  Task<VarlinkReply> set_password(const nlohmann::json& parameters);
  // Nothing of none, "" of the empty one, which takes away what there is.
  Task<Result<std::optional<std::string>>> hash_given(const Secret& password);
  Task<VarlinkReply> change_own_password(const nlohmann::json& parameters);

  // admin_containers.cc
  Task<VarlinkReply> remove_user(const nlohmann::json& parameters);
  Task<VarlinkReply> status(const nlohmann::json& parameters);
  Task<VarlinkReply> start(const nlohmann::json& parameters);
  Task<VarlinkReply> stop(const nlohmann::json& parameters);
  Task<VarlinkReply> restart(const nlohmann::json& parameters);
  Task<VarlinkReply> status_after(Result<void> done, AccountPointer account);

  // admin_status.cc
  Task<nlohmann::json> describe(AccountPointer account, ContainerStatus status);
  Task<Result<nlohmann::json>> ask_and_describe(AccountPointer account);
  [[nodiscard]] nlohmann::json describe_unknown(const Account& account) const;
  // Of one account among all: what Docker does not tell is unknown.
  using AnyContainers = Shared<Result<std::set<std::string>>>;
  Task<void> ask_who_has_one(AnyContainers& having);
  Task<nlohmann::json> describe_one(AccountPointer account, AnyContainers& having);
  Task<nlohmann::json> describe_all(std::vector<AccountPointer> accounts);
  // admin_rebuild.cc
  Task<VarlinkReply> rebuild(const VarlinkCall& call);
  Task<VarlinkReply> restore(const VarlinkCall& call);

  // admin_adopt.cc
  Task<VarlinkReply> adopt(const VarlinkCall& call);
  Task<Result<void>> adopt_for(AccountPointer account, Adoption plan, const VarlinkCall& call);

  // admin_snapshots.cc
  Task<VarlinkReply> snapshot(const VarlinkCall& call);
  Task<VarlinkReply> list_snapshots(const nlohmann::json& parameters);
  Task<VarlinkReply> export_container(const VarlinkCall& call);
  Task<VarlinkReply> remove_snapshot(const nlohmann::json& parameters);

  // admin_purge.cc
  Task<VarlinkReply> purge_user(const VarlinkCall& call);
  Task<Result<nlohmann::json>> plan_purge(AccountPointer account);
  Task<Result<void>> measure(nlohmann::json& directories);
  Task<Result<void>> purge(AccountPointer account, const VarlinkCall& call);
  Task<Result<void>> remove_trees(std::vector<std::string> paths, std::shared_ptr<TreeWork> work);
  [[nodiscard]] Result<void> check_purge(const Account& account, bool force) const;
  [[nodiscard]] Result<void> refuse_while_purged(const std::string& name) const;

  // admin_logins.cc
  Task<VarlinkReply> list_logins(const VarlinkCall& call);
  VarlinkReply end_logins(const nlohmann::json& parameters);

  // admin_log.cc
  Task<VarlinkReply> read_log(const nlohmann::json& parameters);
  // admin_images.cc
  Task<VarlinkReply> list_images(const nlohmann::json& parameters);
  Task<VarlinkReply> pull_image(const VarlinkCall& call);
  // The image that each account's settings name, in the order of names; "" where they make none.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> images_of_accounts() const;

  // admin_builds.cc
  Task<VarlinkReply> build(const VarlinkCall& call);
  Result<AccountPointer> use_image(const Account& whose, const std::string& image);
  Task<void> remove_old_builds(AccountPointer account);

  // admin_gpus.cc
  Task<VarlinkReply> list_gpus(const VarlinkCall& call);

  // admin_maintenance.cc
  VarlinkReply get_maintenance(const nlohmann::json& parameters);
  VarlinkReply start_maintenance(const nlohmann::json& parameters);
  VarlinkReply end_maintenance(const nlohmann::json& parameters);

  EventLoop& loop_;
  AccountStore& accounts_;
  Containers& containers_;
  Maintenance& maintenance_;
  const Config& config_;
  std::optional<gid_t> admin_group_;
  Logins& logins_;
  PasswordChanges& passwords_;
  Images& images_;
  GpuMonitor gpus_;
  AttemptLimit owner_changes_{kMostOwnerChanges, kOwnerChangesPeriod};
  std::set<std::string> being_purged_;  // nothing else begins with these
  Worker tree_worker_;
  Worker log_worker_;
  const IdleWatch* idle_watch_ = nullptr;  // none: nothing is stopped for being idle
};

}  // namespace labgpu
