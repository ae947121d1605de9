// A Varlink client for the helper.
#include "cli/varlink_client.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <utility>

#include "common/deadline.h"
#include "common/unix_address.h"

namespace labgpu {

namespace {

using nlohmann::json;

constexpr char kInterface[] = "org.labgpu.";
constexpr time_t kConnectSeconds = 10;

constexpr char kForAdministrator[] = "; see: systemctl status labgpud.socket labgpud.service";
constexpr char kForOwner[] = "; try again, or tell the administrator";

Failed unavailable(const std::string& what) { return fail(what, kExitUnavailable); }

// True when the descriptor is ready; false when the deadline is over.
bool wait_for(int fd, short events, const Deadline& deadline) {
  for (;;) {
    pollfd entry{fd, events, 0};
    int ready = poll(&entry, 1, deadline.poll_timeout());
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

Result<void> send_all(int fd, std::string_view bytes, const Deadline& deadline) {
  while (!bytes.empty()) {
    ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<size_t>(sent));
    } else if (errno == EAGAIN) {
      if (!wait_for(fd, POLLOUT, deadline)) return unavailable("labgpud does not take the request");
    } else if (errno != EINTR) {
      return unavailable("labgpud hung up before it read the request");
    }
  }
  return {};
}

// The sentence of an error reply. Errors of the protocol itself (varlink.org, "Errors") carry none.
Failed error_reply(const std::string& error, const json& parameters) {
  auto message = parameters.find("message");
  if (message != parameters.end() && message->is_string()) {
    Error told{kExitFailed, message->get<std::string>()};
    auto key = parameters.find("key");
    if (key != parameters.end() && key->is_number_unsigned()) told.key = key->get<size_t>();
    return Failed(told);
  }
  return fail("labgpud refused the request: " + error +
              "; labgpu and labgpud may be of different versions");
}

Failed senseless() { return unavailable("labgpud's answer makes no sense"); }

// `continues`: others follow.
Result<json> read_reply(const std::string& text, bool& continues) {
  continues = false;
  json reply = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!reply.is_object()) return senseless();
  json parameters = reply.value("parameters", json::object());
  json more = reply.value("continues", json(false));
  if (!parameters.is_object() || !more.is_boolean()) return senseless();
  continues = more.get<bool>();
  auto error = reply.find("error");
  if (error == reply.end()) return parameters;
  if (!error->is_string()) return senseless();
  return error_reply(error->get<std::string>(), parameters);
}

}  // namespace

Result<VarlinkClient> VarlinkClient::connect(const std::string& path) {
  sockaddr_un address{};
  if (!set_unix_address(address, path)) {
    return fail("the socket's path is too long: " + path, kExitUsage);
  }

  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return fail_errno("cannot make a socket", errno);
  // unix(7): a connect to a listener whose queue is full waits as long as SO_SNDTIMEO says.
  timeval limit{kConnectSeconds, 0};
  setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (::connect(fd.get(), as_sockaddr(address), sizeof address) != 0) {
    return unavailable("cannot reach labgpud at " + path + ": " + strerror(errno) +
                       kForAdministrator);
  }
  return VarlinkClient(std::move(fd), kForAdministrator);
}

VarlinkClient VarlinkClient::over(UniqueFd socket) { return {std::move(socket), kForOwner}; }

// Reads up to the NUL byte that ends a Varlink message, which is not returned.
Result<std::string> VarlinkClient::receive_message(std::chrono::milliseconds timeout) {
  auto deadline = Deadline::after_ms(static_cast<uint32_t>(timeout.count()));
  std::array<char, 65536> buffer{};
  for (size_t seen = 0;;) {
    size_t end = received_.find('\0', seen);
    if (std::min(end, received_.size()) > kMaxReply) {
      return unavailable("labgpud's answer is too long");
    }
    if (end != std::string::npos) {
      std::string message = received_.substr(0, end);
      received_.erase(0, end + 1);
      return message;
    }
    seen = received_.size();
    if (!wait_for(socket_.get(), POLLIN, deadline)) {
      return unavailable("labgpud does not answer in time");
    }
    ssize_t count = recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count == 0) return unavailable("labgpud hung up without an answer");
    if (count > 0) {
      received_.append(buffer.data(), static_cast<size_t>(count));
    } else if (errno != EAGAIN && errno != EINTR) {
      return unavailable("the connection to labgpud broke");
    }
  }
}

Result<json> VarlinkClient::call(const std::string& method, const json& parameters,
                                 std::chrono::milliseconds timeout, const OnProgress& on_progress) {
  json request = {{"method", kInterface + method}, {"parameters", parameters}};
  if (on_progress) request["more"] = true;
  // Arguments come from a command line in any encoding; JSON is UTF-8 (RFC 8259, 8.1).
  std::string text = request.dump(-1, ' ', false, json::error_handler_t::replace);
  text.push_back('\0');
  auto reply = exchange(text, timeout, on_progress);
  if (!reply && reply.error().exit_status == kExitUnavailable) reply.error().message += advice_;
  return reply;
}

Result<json> VarlinkClient::exchange(const std::string& request, std::chrono::milliseconds timeout,
                                     const OnProgress& on_progress) {
  auto deadline = Deadline::after_ms(static_cast<uint32_t>(timeout.count()));
  auto sent = send_all(socket_.get(), request, deadline);
  if (!sent) return Failed(sent.error());
  for (;;) {
    auto message = receive_message(timeout);
    if (!message) return Failed(message.error());
    bool continues = false;
    auto reply = read_reply(*message, continues);
    if (continues && on_progress && reply) {
      on_progress(*reply);
    } else if (continues || !received_.empty()) {
      return senseless();  // only one call is ever under way, so nothing may follow its reply
    } else {
      return reply;
    }
  }
}

}  // namespace labgpu
