// The session socket: PAM's questions, the count of open sessions, and the way into a container.
//
// docs/PROTOCOL.md describes the packets. Nobody who connects is trusted further than the kernel's
// word for them: the table in session_server.cc says who may ask what, and the rest is refused. No
// peer can make the helper wait: a reply that does not fit into the socket ends the connection.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/messages.h"
#include "common/packet_socket.h"
#include "common/unique_fd.h"
#include "helper/account_store.h"
#include "helper/attempt_limit.h"
#include "helper/connection_quota.h"
#include "helper/containers.h"
#include "helper/event_loop.h"
#include "helper/greeting.h"
#include "helper/host_accounts.h"
#include "helper/listener.h"
#include "helper/login_log.h"
#include "helper/logins.h"
#include "helper/maintenance.h"
#include "helper/password_changes.h"
#include "helper/settings_policy.h"
#include "helper/task.h"

namespace labgpu {

struct SessionLimits {
  // A login holds one of root's connections for as long as it lasts.
  QuotaLimits connections{.total = 4096, .unprivileged = 1024, .per_user = 64};
  // From accept to the first request, and from an answer to the next request.
  std::chrono::milliseconds handshake{5000};
  // How long a login may take as its client sees it, unless a person is looking.
  std::chrono::milliseconds login{12000};
  // What of it passes before PAM asks and after the session command was answered.
  std::chrono::milliseconds unseen{1000};
  std::chrono::milliseconds progress{250};  // between two packets of progress
  // How long an init that listens may take for its first word, on a machine under load.
  std::chrono::milliseconds init{8000};
};

class SessionServer final : public Logins {
 public:
  // `socket` listens already. The rest must outlive the server.
  SessionServer(EventLoop& loop, UniqueFd socket, AccountStore& accounts,
                HostAccounts& host_accounts, Containers& containers, const SettingsPolicy& policy,
                const Maintenance& maintenance, PasswordChanges& passwords, Greeter& greeter,
                SessionLimits limits = {});
  ~SessionServer() override;

  // What serves the owners of accounts: it gets a connection and who is at its other end, and says
  // false when they have too many. Until it is set nobody is served.
  using ServeOwner = std::function<bool(UniqueFd connection, Peer owner)>;
  void serve_owners_with(ServeOwner serve) { serve_owner_ = std::move(serve); }

  // How long a login may take from now on; those under way keep theirs.
  void set_login_limit(std::chrono::milliseconds limit) { limits_.login = limit; }

  [[nodiscard]] uint64_t count_of(const std::string& user) const override;
  [[nodiscard]] uint64_t begun_by(const std::string& user) const override;
  [[nodiscard]] std::vector<Login> list() const override;
  Result<void> end(uint64_t number) override;

 private:
  struct Connection;
  // What becomes of a connection after a packet.
  enum class Next { kKeep, kClose };
  enum class Sender { kRoot, kManagedOutsideHostNetwork };
  struct Request {
    MessageType type;
    Sender sender;
    Next (SessionServer::*handle)(Connection& connection, Packet& packet);
  };
  static const Request kRequests[];

  using Clock = std::chrono::steady_clock;
  void accept(UniqueFd socket, Peer peer);
  [[nodiscard]] std::optional<Failure> refuse_connection(uid_t uid);
  void listen_to(Connection& connection, uint32_t events);
  void on_ready(Connection& connection, uint32_t events);
  Next read_packet(Connection& connection);
  Next take_packet(Connection& connection, Packet& packet);
  Next handle(Connection& connection, Packet& packet);
  [[nodiscard]] std::optional<Failure> refuse_sender(Sender sender, const Peer& peer);
  void limit_silence(Connection& connection);
  void drop(uint64_t number);

  // Why that account may not log in now; nothing when it may.
  [[nodiscard]] std::optional<std::string> refuse_login(const Account& account) const;

  // session_requests.cc
  [[nodiscard]] Result<AccountPointer> account_of(std::string_view user, const HostAccount& host);
  Next check_account(Connection& connection, Packet& packet);
  Next open_session(Connection& connection, Packet& packet);
  Next answer_opened(Connection& connection, const RunningContainer* container);
  Task<void> wait_for_container(Connection& connection, AccountPointer account);
  void limit_wait(Connection& connection, const AccountPointer& account, Clock::time_point begun,
                  Clock::time_point deadline);
  void start_work(Connection& connection, Task<void> work);
  void close_later(const Connection& connection);

  // session_manage.cc
  Next manage(Connection& connection, Packet& packet);

  // session_passwords.cc
  Next check_password(Connection& connection, Packet& packet);
  Next change_password(Connection& connection, Packet& packet);
  Task<void> work_on_password(Connection& connection, std::string user,
                              std::shared_ptr<const PasswordChanges::Request> request);

  // session_attach.cc
  Next attach(Connection& connection, Packet& packet);
  [[nodiscard]] std::optional<std::string> refuse_command(const Account& account,
                                                          pid_t process) const;
  Clock::time_point attach_deadline(const Connection& connection, const Account& account);
  void tell_progress(Connection& connection, const AccountPointer& account,
                     Clock::time_point deadline);
  Task<Result<UniqueFd>> reach_init(AccountPointer account);
  void tell_notice(const Connection& connection, const Account& account);
  Task<void> hand_over_init(Connection& connection, AccountPointer account, bool person_looks);

  // session_greeting.cc
  Next greet(Connection& connection, Packet& packet);
  Task<void> tell_greeting(Connection& connection, AccountPointer account,
                           GreetingLanguage language);

  template <typename Message>
  static Next reply(const Connection& connection, const Message& message,
                    std::span<const int> fds = {});
  static Next refuse(const Connection& connection, const Failure& failure);
  static Next refuse(const Connection& connection, const Error& error);

  EventLoop& loop_;
  AccountStore& accounts_;
  HostAccounts& host_accounts_;
  Containers& containers_;
  const SettingsPolicy& policy_;
  const Maintenance& maintenance_;
  PasswordChanges& passwords_;
  Greeter& greeter_;
  SessionLimits limits_;
  ServeOwner serve_owner_ = [](const UniqueFd&, const Peer&) { return false; };
  AttemptLimit said_{kMostSaid, kMostSaidPeriod};  // by the user it is about
  LoginLog log_;
  uint64_t last_number_ = 0;
  std::map<std::string, uint64_t> begun_;  // logins, by user
  std::map<uint64_t, std::unique_ptr<Connection>> connections_;
  ConnectionQuota quota_;
  Listener listener_;
};

}  // namespace labgpu
