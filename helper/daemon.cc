// The helper's start, its parts, its end.
#include "helper/daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "common/unique_fd.h"
#include "helper/account_store.h"
#include "helper/admin_group.h"
#include "helper/admin_methods.h"
#include "helper/build_info.h"
#include "helper/config.h"
#include "helper/container_ids.h"
#include "helper/container_manager.h"
#include "helper/docker_client.h"
#include "helper/docker_images.h"
#include "helper/event_loop.h"
#include "helper/file_record_store.h"
#include "helper/greeting.h"
#include "helper/greeting_files.h"
#include "helper/host_accounts.h"
#include "helper/host_names.h"
#include "helper/idle_watch.h"
#include "helper/listener.h"
#include "helper/live_config.h"
#include "helper/log.h"
#include "helper/maintenance.h"
#include "helper/password_changes.h"
#include "helper/record_files.h"
#include "helper/session_server.h"
#include "helper/user_database.h"
#include "helper/varlink_server.h"
#include "helper/worker.h"

namespace labgpu {

namespace {

struct Sockets {
  UniqueFd session;
  UniqueFd admin;
  UniqueFd userdb;  // only where the administrator wants it
};

// The units name them: FileDescriptorName=session, =varlink and =userdb.
Result<Sockets> sockets_from_systemd() {
  char** names = nullptr;
  int count = sd_listen_fds_with_names(1, &names);
  if (count < 0) return fail_errno("take the sockets from systemd", -count);
  Sockets sockets;
  for (int i = 0; i < count; ++i) {
    UniqueFd fd(SD_LISTEN_FDS_START + i);
    std::string_view name = names[i];
    if (name == "session") {
      sockets.session = std::move(fd);
    } else if (name == "varlink") {
      sockets.admin = std::move(fd);
    } else if (name == "userdb") {
      sockets.userdb = std::move(fd);
    }
    free(names[i]);
  }
  free(names);
  bool right = sd_is_socket(sockets.session.get(), AF_UNIX, SOCK_SEQPACKET, 1) > 0 &&
               sd_is_socket(sockets.admin.get(), AF_UNIX, SOCK_STREAM, 1) > 0;
  if (right) return sockets;
  return fail(ErrorCode::kInvalid,
              "systemd passed no sockets: start labgpud with systemctl, or with --foreground");
}

Result<Sockets> own_sockets(const DaemonOptions& options) {
  auto session = listen_at(options.session_socket, SOCK_SEQPACKET);
  if (!session) return Failed(session.error());
  auto admin = listen_at(options.admin_socket, SOCK_STREAM);
  if (!admin) return Failed(admin.error());
  Sockets sockets{std::move(*session), std::move(*admin), UniqueFd()};
  if (options.userdb_socket.empty()) return sockets;
  auto userdb = listen_at(options.userdb_socket, SOCK_STREAM);
  if (!userdb) return Failed(userdb.error());
  sockets.userdb = std::move(*userdb);
  return sockets;
}

// The greetings lie beside labgpu.json.
std::string directory_of(const std::string& config_path) {
  return std::filesystem::absolute(config_path).parent_path();
}

// At the start a wrong greeting is no reason to refuse logins.
GreetingTemplates first_greetings(const std::string& config_path) {
  auto loaded = load_greetings(directory_of(config_path), built_in_greetings());
  for (const auto& mistake : loaded.mistakes) {
    log(LogLevel::kError, "the built-in greeting is used: " + mistake.message);
  }
  return std::move(loaded.templates);
}

// Members in the order of need: what is destroyed first uses what is destroyed later.
class Daemon {
 public:
  Daemon(EventLoop& loop, Config config, AccountStore& accounts, Maintenance maintenance,
         std::optional<gid_t> admin_group, Sockets sockets, const DaemonOptions& options)
      : loop_(loop),
        config_(std::move(config)),
        config_path_(options.config),
        accounts_(accounts),
        maintenance_(std::move(maintenance)),
        worker_(loop_),
        passwords_(accounts_, worker_),
        docker_(loop_, config_.docker_socket),
        containers_(loop_, docker_, config_, options.state_directory),
        greeter_(loop_, containers_, config_, first_greetings(config_path_)),
        host_accounts_(accounts_, config_),
        sessions_(loop_, std::move(sockets.session), accounts_, host_accounts_, containers_,
                  config_, maintenance_, passwords_, greeter_,
                  {.login = std::chrono::seconds(config_.login_wait_seconds)}),
        idle_watch_(loop_, accounts_, containers_, sessions_, config_),
        images_(loop_, docker_, containers_.images(), options.state_directory),
        admin_methods_(loop_, accounts_, containers_, maintenance_, config_, admin_group, sessions_,
                       passwords_, images_),
        admin_(loop_, std::move(sockets.admin), admin_methods_),
        user_database_(accounts_) {
    admin_methods_.tell_idle_times(idle_watch_);
    sessions_.serve_owners_with([this](UniqueFd connection, Peer owner) {
      return admin_.serve(std::move(connection), std::move(owner));
    });
    if (!sockets.userdb.valid()) return;
    userdb_.emplace(loop_, std::move(sockets.userdb), user_database_, kUserdbLimits);
  }

  int run() {
    auto stop = [this] {
      sd_notify(0, "STOPPING=1");
      loop_.exit(0);
    };
    auto terminated = loop_.on_signal(SIGTERM, stop);
    auto interrupted = loop_.on_signal(SIGINT, stop);
    auto hung_up = loop_.on_signal(SIGHUP, [this] { reload(); });
    loop_.enable_watchdog();
    containers_.start_following([this](const EngineInfo& engine) { name_container_ids(engine); });
    accounts_.on_change([this] { idle_watch_.look_soon(); });
    idle_watch_.look_soon();
    if (auto ready = host_accounts_.check_drop_in(); !ready) {
      log(LogLevel::kWarning, "logins are refused: " + ready.error().message);
    }
    work_.add(apply_config(config_, accounts_, containers_));
    sd_notify(0, "READY=1");
    log(LogLevel::kInfo, std::string("labgpud ") + kLabgpuVersion + " is ready, with " +
                             std::to_string(accounts_.list().size()) + " accounts");
    return loop_.run();
  }

 private:
  void name_container_ids(const EngineInfo& engine) {
    auto named = accounts_.name_container_ids(
        find_container_ids(engine.security_options, engine.root_directory));
    if (!named) {
      log(LogLevel::kError, "cannot name the users of containers: " + named.error().message);
    }
  }

  // systemd.service(5), Type=notify-reload, says what of this it wants to hear.
  void reload() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld",
               static_cast<long long>(now.tv_sec) * 1000000 + now.tv_nsec / 1000);
    if (auto left = leave_labgpu_out_of_nss(); !left) {
      log(LogLevel::kError, "the sources of users stay what they were: " + left.error().message);
    }
    auto fresh = load_checked_config(config_path_, accounts_.list());
    std::string status;
    if (fresh) {
      take_config(std::move(*fresh));
    } else {
      log(LogLevel::kError, "the configuration stays what it was: " + fresh.error().message);
      status = "the last good configuration is in force: " + fresh.error().message;
    }
    auto greetings = load_greetings(directory_of(config_path_), greeter_.templates());
    greeter_.set_templates(std::move(greetings.templates));
    for (const auto& mistake : greetings.mistakes) {
      log(LogLevel::kError, "the greeting stays what it was: " + mistake.message);
      if (status.empty()) status = "the last good greeting is in force: " + mistake.message;
    }
    sd_notifyf(0, "READY=1\nSTATUS=%s", status.c_str());
  }

  void take_config(Config fresh) {
    for (const auto& key : keys_for_restart(config_, fresh)) {
      log(LogLevel::kWarning, "a new value of " + key + " counts after: systemctl restart labgpud");
    }
    fresh.ids = config_.ids;
    fresh.bridge = config_.bridge;
    fresh.docker_socket = config_.docker_socket;
    // Everybody else has a reference to it.
    config_ = std::move(fresh);
    sessions_.set_login_limit(std::chrono::seconds(config_.login_wait_seconds));
    log(LogLevel::kNotice, "took the configuration anew from " + config_path_);
    idle_watch_.look_soon();
    work_.add(apply_config(config_, accounts_, containers_));
  }

  EventLoop& loop_;
  Config config_;
  std::string config_path_;
  AccountStore& accounts_;
  Maintenance maintenance_;
  Worker worker_;
  PasswordChanges passwords_;
  DockerClient docker_;
  ContainerManager containers_;
  Greeter greeter_;
  HostAccounts host_accounts_;
  SessionServer sessions_;
  IdleWatch idle_watch_;
  DockerImages images_;
  AdminMethods admin_methods_;
  VarlinkServer admin_;
  UserDatabase user_database_;
  std::optional<VarlinkServer> userdb_;
  TaskGroup work_;
};

}  // namespace

Result<int> run_daemon(const DaemonOptions& options) {
  if (auto left = leave_labgpu_out_of_nss(); !left) return Failed(left.error());
  auto config = load_config(options.config);
  if (!config) return Failed(config.error());
  auto sockets = options.foreground ? own_sockets(options) : sockets_from_systemd();
  if (!sockets) return Failed(sockets.error());
  EventLoop loop;
  auto records = FileRecordStore::open(loop, options.state_directory);
  if (!records) return Failed(records.error());
  NssHostNames host;
  auto accounts = AccountStore::open(loop, **records, options.state_directory, config->ids, host);
  if (!accounts) return Failed(accounts.error());
  (*accounts)->serve_host_accounts(config->bridge);
  auto maintenance = Maintenance::open(**records);
  if (!maintenance) return Failed(maintenance.error());
  auto admin_group = usable_admin_group(find_host_group(kAdminGroupName), config->ids);
  Daemon daemon(loop, std::move(*config), **accounts, std::move(*maintenance), admin_group,
                std::move(*sockets), options);
  return daemon.run();
}

namespace {

// For a look beside a helper that runs; what it has published stays as it is. A damaged record is
// that helper's to tell of.
Result<std::vector<AccountPointer>> recorded_accounts(const std::string& state_directory) {
  std::vector<AccountPointer> accounts;
  RecordFiles files(state_directory);
  // Before the first start there are none.
  if (!std::filesystem::exists(files.directory(RecordKind::kUsers))) return accounts;
  auto names = files.names(RecordKind::kUsers);
  if (!names) return Failed(names.error());
  for (const auto& name : *names) {
    auto record = files.read(RecordKind::kUsers, name);
    if (!record) continue;  // removed meanwhile
    auto account = parse_record(name, record->content);
    if (account) accounts.push_back(std::make_shared<const Account>(std::move(*account)));
  }
  return accounts;
}

}  // namespace

Result<void> check_config(const DaemonOptions& options) {
  auto accounts = recorded_accounts(options.state_directory);
  if (!accounts) return wrap("read the accounts", accounts.error());
  auto config = load_checked_config(options.config, *accounts);
  if (!config) return Failed(config.error());
  auto greetings = load_greetings(directory_of(options.config), built_in_greetings());
  if (!greetings.mistakes.empty()) return Failed(greetings.mistakes.front());
  return {};
}

}  // namespace labgpu
