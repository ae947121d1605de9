// Varlink connections: framing, order, limits, and what every service must say about itself.
#include "helper/varlink_server.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <utility>

#include "helper/build_info.h"
#include "helper/json_fields.h"
#include "helper/log.h"
#include "helper/password.h"

namespace labgpu {

namespace {

constexpr char kService[] = "org.varlink.service";
// In bytes; as JSON, a call or a reply takes ten times that.
constexpr size_t kLargeMessage = size_t{64} << 10;

}  // namespace

struct VarlinkServer::Connection {
  uint64_t number = 0;
  UniqueFd socket;
  Peer peer;
  std::string input;
  std::string output;
  std::chrono::milliseconds idle_limit{};
  EventSource ready;
  EventSource idle;
  // The call that is being answered; destroying it stops it.
  std::optional<Task<void>> work;
};

VarlinkServer::VarlinkServer(EventLoop& loop, UniqueFd socket, VarlinkInterface& served,
                             VarlinkLimits limits)
    : loop_(loop),
      served_(served),
      limits_(limits),
      quota_(limits.connections),
      listener_(loop, std::move(socket), [this](UniqueFd accepted, Peer peer) {
        static_cast<void>(add(std::move(accepted), std::move(peer), limits_.idle));
      }) {}

VarlinkServer::~VarlinkServer() = default;

bool VarlinkServer::serve(UniqueFd connection, Peer peer) {
  return add(std::move(connection), std::move(peer), limits_.idle_of_person);
}

bool VarlinkServer::add(UniqueFd socket, Peer peer, std::chrono::milliseconds idle) {
  if (!quota_.enter(peer.uid)) {
    auto uid = std::to_string(peer.uid);
    if (said_.enter(uid)) {
      log(LogLevel::kWarning, "too many connections to " + served_.name() + " by uid " + uid);
    }
    return false;
  }
  auto connection = std::make_unique<Connection>();
  connection->number = ++last_number_;
  connection->socket = std::move(socket);
  connection->peer = std::move(peer);
  connection->idle_limit = idle;
  wait_for(*connection, EPOLLIN);
  connections_[connection->number] = std::move(connection);
  return true;
}

void VarlinkServer::drop(uint64_t number) {
  auto found = connections_.find(number);
  if (found == connections_.end()) return;
  quota_.leave(found->second->peer.uid);
  connections_.erase(found);
}

void VarlinkServer::wait_for(Connection& connection, uint32_t events) {
  connection.ready.reset();  // before a new one: epoll takes a descriptor once
  connection.ready = loop_.watch(connection.socket.get(), events,
                                 [this, &connection](uint32_t) { on_ready(connection); });
  if (connection.idle) return;
  connection.idle =
      loop_.after(connection.idle_limit, [this, number = connection.number] { drop(number); });
}

void VarlinkServer::on_ready(Connection& connection) {
  if (!connection.output.empty() || receive(connection)) {
    go_on(connection);
  } else {
    drop(connection.number);
  }
}

void VarlinkServer::go_on(Connection& connection) {
  bool alive = connection.output.empty() || send(connection);
  if (alive && connection.output.empty()) alive = begin_next(connection);
  if (!alive) {
    drop(connection.number);
  } else if (!connection.work) {
    wait_for(connection, connection.output.empty() ? EPOLLIN : EPOLLOUT);
  }
}

size_t VarlinkServer::longest_message(const Connection& connection) const {
  return served_.is_admin(connection.peer) ? limits_.message_of_admin : limits_.message;
}

bool VarlinkServer::receive(Connection& connection) const {
  char buffer[1 << 16];
  ssize_t size = recv(connection.socket.get(), buffer, sizeof buffer, MSG_DONTWAIT);
  if (size < 0) return errno == EAGAIN || errno == EINTR;
  connection.input.append(buffer, static_cast<size_t>(size));
  explicit_bzero(buffer, static_cast<size_t>(size));  // it may hold a password
  if (size == 0) return false;
  auto longest = longest_message(connection);
  return connection.input.size() <= longest || connection.input.find('\0') <= longest;
}

bool VarlinkServer::send(Connection& connection) {
  auto& output = connection.output;
  ssize_t sent =
      ::send(connection.socket.get(), output.data(), output.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent < 0) return errno == EAGAIN || errno == EINTR;
  output.erase(0, static_cast<size_t>(sent));
  if (output.empty()) {
    connection.idle.reset();
    wipe(output);  // it may have held a password
  }
  return true;
}

bool VarlinkServer::begin_next(Connection& connection) {
  auto end = connection.input.find('\0');
  if (end == std::string::npos) return connection.input.size() <= longest_message(connection);
  auto message = connection.input.substr(0, end);
  connection.input.erase(0, end + 1);
  if (connection.input.empty()) wipe(connection.input);
  if (message.size() >= kLargeMessage) loop_.trim_memory_soon();
  auto call = parse_call(message);
  wipe(message);
  if (!call) {
    log(LogLevel::kDebug, "uid " + std::to_string(connection.peer.uid) +
                              " sent what is no Varlink call: " + call.error().message);
    return false;
  }
  call->peer = connection.peer;
  if (call->more && !call->oneway) {
    call->tell = [this, number = connection.number](const nlohmann::json& parameters) {
      tell(number, parameters);
    };
  }
  call->is_behind = [this, number = connection.number] { return is_behind(number); };
  call->end_with_caller = [this, number = connection.number] { end_with_caller(number); };
  connection.ready.reset();
  connection.idle.reset();
  connection.work.emplace(answer(connection, std::move(*call)));
  connection.work->start();
  return true;
}

// What cannot be sent at once goes before the next reply. Whether the caller is gone is seen there:
// this may run inside the call, which must not be dropped by itself.
void VarlinkServer::tell(uint64_t number, const nlohmann::json& parameters) {
  auto found = connections_.find(number);
  if (found == connections_.end()) return;
  auto& connection = *found->second;
  if (connection.output.empty()) connection.output = encode_progress(parameters);
  static_cast<void>(send(connection));
}

bool VarlinkServer::is_behind(uint64_t number) const {
  auto found = connections_.find(number);
  if (found == connections_.end()) return true;
  auto& connection = *found->second;
  if (!connection.output.empty()) static_cast<void>(send(connection));
  return !connection.output.empty();
}

// epoll tells of a peer that is gone without being asked to (epoll_ctl(2), EPOLLHUP), and only then
// the call's coroutine waits for certain.
void VarlinkServer::end_with_caller(uint64_t number) {
  auto found = connections_.find(number);
  if (found == connections_.end()) return;
  auto& connection = *found->second;
  connection.ready.reset();
  connection.ready =
      loop_.watch(connection.socket.get(), 0, [this, number](uint32_t) { drop(number); });
}

Task<void> VarlinkServer::answer(Connection& connection, VarlinkCall call) {
  bool oneway = call.oneway;
  VarlinkReply reply;
  if (call.upgrade) {
    reply = method_not_implemented(call);
  } else if (call.interface == kService) {
    reply = describe(call);
  } else if (call.interface == served_.name()) {
    auto calling = served_.call(std::move(call));
    reply = co_await calling;
  } else {
    reply = interface_not_found(call.interface);
  }
  if (!oneway) {
    auto text = encode_reply(std::move(reply));
    if (text.size() >= kLargeMessage) loop_.trim_memory_soon();
    connection.output += text;
    wipe(text);
  }
  // From the loop, where this coroutine has ended and may be destroyed.
  loop_.post([this, number = connection.number] {
    auto found = connections_.find(number);
    if (found == connections_.end()) return;
    found->second->work.reset();
    go_on(*found->second);
  });
}

VarlinkReply VarlinkServer::describe(const VarlinkCall& call) const {
  JsonFields fields(call.parameters, "");
  if (call.method == "GetInfo") {
    if (!fields.finish_strict()) return invalid_parameter(fields.refused_key());
    return nlohmann::json{{"vendor", "labgpu"},
                          {"product", "labgpud"},
                          {"version", kLabgpuVersion},
                          {"url", "man:labgpud(8)"},
                          {"interfaces", nlohmann::json::array({kService, served_.name()})}};
  }
  if (call.method == "GetInterfaceDescription") {
    auto interface = fields.required_text("interface");
    if (!fields.finish_strict()) return invalid_parameter(fields.refused_key());
    if (interface == kService) return nlohmann::json{{"description", kServiceInterface}};
    if (interface == served_.name()) return nlohmann::json{{"description", served_.description()}};
    return interface_not_found(interface);
  }
  return method_not_found(call);
}

}  // namespace labgpu
