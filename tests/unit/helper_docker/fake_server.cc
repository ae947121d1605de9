// The fake server's sockets and threads.
#include "tests/unit/helper_docker/fake_server.h"

#include <linux/sockios.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace labgpu::testing_support {

void FakeConnection::send(std::string_view bytes) const {
  while (!bytes.empty()) {
    ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;  // the client is gone, as some tests want
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
}

bool FakeConnection::wait_hangup(int limit_ms) const {
  pollfd waited{.fd = socket_.get(), .events = POLLRDHUP, .revents = 0};
  return poll(&waited, 1, limit_ms) > 0;
}

void FakeConnection::wait_for(const std::atomic<bool>& word) const {
  while (!word && !is_hung_up()) usleep(1000);
}

void FakeConnection::wait_read() const {
  int unread = 0;
  while (ioctl(socket_.get(), SIOCOUTQ, &unread) == 0 && unread > 0 && !is_hung_up()) usleep(1000);
}

FakeRequest FakeConnection::receive(Reading reading) const {
  std::string text;
  size_t head = std::string::npos;
  size_t length = 0;
  char buffer[4096];
  while (head == std::string::npos || text.size() < head + 4 + length) {
    ssize_t count = recv(socket_.get(), buffer, sizeof buffer, 0);
    if (count <= 0) return {};
    text.append(buffer, static_cast<size_t>(count));
    head = text.find("\r\n\r\n");
    size_t field = text.find("Content-Length: ");
    if (field < head && reading == Reading::kAll)
      length = std::strtoul(text.c_str() + field + 16, nullptr, 10);
  }
  size_t first = text.find(' ');
  size_t second = text.find(' ', first + 1);
  return {text.substr(0, first), text.substr(first + 1, second - first - 1), text.substr(head + 4)};
}

FakeServer::FakeServer(Handler handler, Reading reading)
    : handler_(std::move(handler)), reading_(reading) {
  char directory[] = "/tmp/labgpu-fake-XXXXXX";
  if (mkdtemp(directory) == nullptr) throw std::runtime_error("mkdtemp");
  directory_ = directory;
  socket_path_ = directory_ + "/socket";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, socket_path_.c_str(), sizeof address.sun_path - 1);
  listener_.reset(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      listen(listener_.get(), 64) != 0) {
    throw std::runtime_error("cannot listen");
  }
  acceptor_ = std::thread([this] { accept_all(); });
}

FakeServer::~FakeServer() {
  shutdown(listener_.get(), SHUT_RDWR);  // wakes accept(2)
  acceptor_.join();
  for (std::thread& connection : connections_) connection.join();
  unlink(socket_path_.c_str());
  rmdir(directory_.c_str());
}

void FakeServer::accept_all() {
  for (;;) {
    UniqueFd client(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!client.valid()) return;
    connections_.emplace_back([this, fd = client.release()] { serve(UniqueFd(fd)); });
  }
}

void FakeServer::serve(UniqueFd socket) {
  FakeConnection connection(std::move(socket));
  FakeRequest request = connection.receive(reading_);
  {
    std::lock_guard lock(mutex_);
    requests_.push_back(request.method + " " + request.target);
  }
  handler_(request, connection);
}

std::vector<std::string> FakeServer::requests() {
  std::lock_guard lock(mutex_);
  return requests_;
}

std::string http_reply(int status, const std::string& body) {
  return "HTTP/1.1 " + std::to_string(status) + " Status\r\nContent-Type: application/json\r\n" +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

FakeServer::Handler with_version(const std::string& newest, const std::string& oldest,
                                 FakeServer::Handler next) {
  return [=](const FakeRequest& request, const FakeConnection& connection) {
    if (request.target != "/version") return next(request, connection);
    connection.send(http_reply(
        200, R"({"ApiVersion":")" + newest + R"(","MinAPIVersion":")" + oldest + R"("})"));
  };
}

}  // namespace labgpu::testing_support
