// The session socket: PAM's questions, the count of open sessions, and the way into a container.
//
// docs/PROTOCOL.md describes the packets. Nobody who connects is trusted further than the kernel's
// word for them: the table in session_server.cc says who may ask what, and the rest is refused. No
// peer can make the helper wait: a reply that does not fit into the socket ends the connection.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/messages.h"
#include "common/packet_socket.h"
#include "common/unique_fd.h"
#include "helper/account_store.h"
#include "helper/attempt_limit.h"
#include "helper/connection_quota.h"
#include "helper/containers.h"
#include "helper/event_loop.h"
#include "helper/host_accounts.h"
#include "helper/listener.h"
#include "helper/logins.h"
#include "helper/maintenance.h"
#include "helper/settings_policy.h"
#include "helper/task.h"
#include "helper/worker.h"

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
  // Wrong old passwords of one account, and for how long no more are looked at.
  unsigned wrong_passwords = 5;
  std::chrono::milliseconds wrong_passwords_period{60000};
};

class SessionServer final : public Logins {
 public:
  // `socket` listens already. The rest must outlive the server.
  SessionServer(EventLoop& loop, UniqueFd socket, AccountStore& accounts,
                HostAccounts& host_accounts, Containers& containers, const SettingsPolicy& policy,
                const Maintenance& maintenance, Worker& worker, SessionLimits limits = {});
  ~SessionServer() override;

  // How long a login may take from now on; those under way keep theirs.
  void set_login_limit(std::chrono::milliseconds limit) { limits_.login = limit; }

  [[nodiscard]] uint64_t count_of(const std::string& user) const override;
  [[nodiscard]] std::vector<Login> list() const override;
  Result<void> end(uint64_t number) override;

 private:
  struct Connection;
  struct PasswordRequest;
  struct PasswordOutcome;
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

  // session_passwords.cc
  Next check_password(Connection& connection, Packet& packet);
  Next change_password(Connection& connection, Packet& packet);
  Next begin_password_work(Connection& connection, std::string_view user,
                           const std::shared_ptr<const PasswordRequest>& request);
  static PasswordOutcome compute(const PasswordRequest& request, const std::string& old_hash);
  Task<void> work_on_password(Connection& connection, AccountPointer account,
                              std::shared_ptr<const PasswordRequest> request);
  Result<void> store_password(const AccountPointer& seen, const Result<std::string>& hash);

  // session_attach.cc
  Next attach(Connection& connection, Packet& packet);
  [[nodiscard]] std::optional<std::string> refuse_command(const Account& account,
                                                          pid_t process) const;
  Clock::time_point attach_deadline(const Connection& connection, const Account& account);
  void tell_progress(Connection& connection, const AccountPointer& account,
                     Clock::time_point deadline);
  Task<Result<UniqueFd>> reach_init(AccountPointer account);
  Task<void> hand_over_init(Connection& connection, AccountPointer account);

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
  Worker& worker_;
  SessionLimits limits_;
  AttemptLimit password_attempts_;
  AttemptLimit said_{kMostSaid, kMostSaidPeriod};  // by the user it is about
  uint64_t last_number_ = 0;
  std::map<uint64_t, std::unique_ptr<Connection>> connections_;
  ConnectionQuota quota_;
  Listener listener_;
};

}  // namespace labgpu
