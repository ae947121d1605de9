// Copies bytes between clients and Docker, a thread per client.
#include "tests/module/docker/docker_proxy.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <stdexcept>
#include <utility>

namespace labgpu::testing_support {

namespace {

sockaddr_un to_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  return address;
}

UniqueFd make_socket() { return UniqueFd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)); }

// False at the end of either side.
bool copy_some(int from, int to) {
  char buffer[16384];
  ssize_t count = recv(from, buffer, sizeof buffer, 0);
  if (count <= 0) return false;
  return send(to, buffer, static_cast<size_t>(count), MSG_NOSIGNAL) == count;
}

}  // namespace

DockerProxy::DockerProxy(std::string path) : path_(std::move(path)), listener_(make_socket()) {
  sockaddr_un address = to_address(path_);
  if (bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      listen(listener_.get(), 64) != 0) {
    throw std::runtime_error("the proxy cannot listen");
  }
  threads_.emplace_back([this] { accept_all(); });
}

DockerProxy::~DockerProxy() {
  shutdown(listener_.get(), SHUT_RDWR);  // wakes accept(2)
  threads_.front().join();
  threads_.pop_front();
  cut();
  for (std::thread& thread : threads_) thread.join();
  unlink(path_.c_str());
}

void DockerProxy::cut() {
  std::lock_guard lock(mutex_);
  cut_ = true;
  for (UniqueFd& client : clients_) shutdown(client.get(), SHUT_RDWR);
}

void DockerProxy::restore() { cut_ = false; }

void DockerProxy::lose(int first, int last, bool answer_only) {
  std::lock_guard lock(mutex_);
  count_ = 0;
  lost_ = 0;
  first_lost_ = first;
  last_lost_ = last;
  answer_only_ = answer_only;
}

DockerProxy::Fate DockerProxy::next_fate() {
  ++count_;
  if (count_ < first_lost_ || count_ > last_lost_) return Fate::kPass;
  ++lost_;
  return answer_only_ && count_ == first_lost_ ? Fate::kNoAnswer : Fate::kLost;
}

void DockerProxy::accept_all() {
  for (;;) {
    UniqueFd client(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!client.valid()) return;
    std::lock_guard lock(mutex_);
    if (cut_) continue;
    Fate fate = next_fate();
    if (fate == Fate::kLost) continue;
    clients_.push_back(std::move(client));
    threads_.emplace_back([this, &kept = clients_.back(), fate] { pump(kept, fate); });
  }
}

void DockerProxy::pump(const UniqueFd& client, Fate fate) {
  UniqueFd docker = make_socket();
  sockaddr_un address = to_address("/run/docker.sock");
  if (connect(docker.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
    pollfd ends[2] = {{.fd = client.get(), .events = POLLIN, .revents = 0},
                      {.fd = docker.get(), .events = POLLIN, .revents = 0}};
    while (poll(ends, 2, -1) > 0) {
      while (held_ && !cut_) usleep(1000);
      if (ends[0].revents != 0 && !copy_some(client.get(), docker.get())) break;
      if (ends[1].revents != 0 && fate == Fate::kNoAnswer) break;  // it has done it
      if (ends[1].revents != 0 && !copy_some(docker.get(), client.get())) break;
    }
  }
  shutdown(client.get(), SHUT_RDWR);
}

}  // namespace labgpu::testing_support
