// A Varlink service on a Unix socket: calls in, replies out, in order, one call at a time for each
// connection.
//
// Whoever can connect may send anything, so everything is bounded: the message, the connections of
// each user, the time for a message to come and for a reply to be taken. A message that is no call
// ends the connection. A call that was begun is carried out even when its caller goes away, unless
// it says that it ends with its caller.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "common/unique_fd.h"
#include "helper/attempt_limit.h"
#include "helper/connection_quota.h"
#include "helper/event_loop.h"
#include "helper/listener.h"
#include "helper/task.h"
#include "helper/varlink_message.h"

namespace labgpu {

// What is served beside org.varlink.service.
class VarlinkInterface {
 public:
  VarlinkInterface() = default;
  VarlinkInterface(const VarlinkInterface&) = delete;
  VarlinkInterface& operator=(const VarlinkInterface&) = delete;
  virtual ~VarlinkInterface() = default;

  [[nodiscard]] virtual std::string name() const = 0;
  [[nodiscard]] virtual std::string description() const = 0;
  // Whether a peer's messages may be as long as an administrator's.
  [[nodiscard]] virtual bool is_admin(const Peer& peer) const { return peer.uid == 0; }
  virtual Task<VarlinkReply> call(VarlinkCall call) = 0;
};

struct VarlinkLimits {
  size_t message = size_t{64} << 10;          // parsing it takes a millisecond at most
  size_t message_of_admin = size_t{4} << 20;  // thousands of accounts at once
  // A call waits for as long as Docker does, so a class that asks at once has a connection each.
  QuotaLimits connections{.total = 1024, .unprivileged = 768, .per_user = 8};
  // Between two calls, for half a call, and for a reply that nobody reads.
  // Once for all of each: whoever sends or reads a byte now and then gains nothing.
  std::chrono::milliseconds idle{60000};
  // The same for a connection that was handed over: there a person is asked between two calls.
  std::chrono::milliseconds idle_of_person{600000};
};

class VarlinkServer {
 public:
  // `socket` listens already. `served` must outlive the server.
  VarlinkServer(EventLoop& loop, UniqueFd socket, VarlinkInterface& served,
                VarlinkLimits limits = {});
  ~VarlinkServer();

  // Serves a connection that did not come through the socket, for `peer`, whose word for it is the
  // caller's. False when there are too many.
  [[nodiscard]] bool serve(UniqueFd connection, Peer peer);

 private:
  struct Connection;

  [[nodiscard]] bool add(UniqueFd socket, Peer peer, std::chrono::milliseconds idle);
  void drop(uint64_t number);
  void wait_for(Connection& connection, uint32_t events);
  void on_ready(Connection& connection);
  // Sends what is to be sent, begins the next call, or waits for what is missing.
  void go_on(Connection& connection);
  [[nodiscard]] size_t longest_message(const Connection& connection) const;
  [[nodiscard]] bool receive(Connection& connection) const;
  [[nodiscard]] static bool send(Connection& connection);
  // Begins the next call when all of it is there. False: drop the connection.
  [[nodiscard]] bool begin_next(Connection& connection);
  void tell(uint64_t number, const nlohmann::json& parameters);
  [[nodiscard]] bool is_behind(uint64_t number) const;
  void end_with_caller(uint64_t number);
  Task<void> answer(Connection& connection, VarlinkCall call);
  [[nodiscard]] VarlinkReply describe(const VarlinkCall& call) const;

  EventLoop& loop_;
  VarlinkInterface& served_;
  VarlinkLimits limits_;
  ConnectionQuota quota_;
  AttemptLimit said_{kMostSaid, kMostSaidPeriod};  // by the uid it is about
  uint64_t last_number_ = 0;
  std::map<uint64_t, std::unique_ptr<Connection>> connections_;
  Listener listener_;
};

}  // namespace labgpu
