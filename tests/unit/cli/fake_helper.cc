// A helper that a test scripts.
#include "tests/unit/cli/fake_helper.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cstdlib>
#include <cstring>

namespace labgpu {

std::string read_message(int fd) {
  std::string message;
  char byte = 0;
  while (recv(fd, &byte, 1, 0) == 1) {
    if (byte == '\0') return message;
    message.push_back(byte);
  }
  return {};
}

void write_bytes(int fd, const std::string& bytes) {
  for (size_t at = 0; at < bytes.size();) {
    ssize_t sent = send(fd, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
    if (sent < 0) return;  // the client hung up, which some tests want
    at += static_cast<size_t>(sent);
  }
}

FakeHelper::FakeHelper(std::vector<nlohmann::json> replies)
    : path_(directory_ / "socket"),
      behaviour_([this](int fd) { answer(fd); }),
      replies_(replies.begin(), replies.end()) {
  listen_and_serve();
}

FakeHelper::FakeHelper(Behaviour behaviour)
    : path_(directory_ / "socket"), behaviour_(std::move(behaviour)) {
  listen_and_serve();
}

FakeHelper::~FakeHelper() {
  shutdown(listener_.get(), SHUT_RDWR);  // ends accept()
  thread_.join();
}

std::vector<nlohmann::json> FakeHelper::requests() {
  std::lock_guard lock(mutex_);
  return requests_;
}

void FakeHelper::listen_and_serve() {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  memcpy(address.sun_path, path_.data(), path_.size());
  listener_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      listen(listener_.get(), 4) != 0) {
    abort();
  }
  thread_ = std::thread([this] { serve(); });
}

void FakeHelper::serve() {
  for (;;) {
    UniqueFd connection(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!connection.valid()) return;
    behaviour_(connection.get());
  }
}

void FakeHelper::answer(int fd) {
  std::string message = read_message(fd);
  std::lock_guard lock(mutex_);
  requests_.push_back(nlohmann::json::parse(message));
  if (replies_.empty()) return;
  std::string reply = replies_.front().dump();
  replies_.pop_front();
  write_bytes(fd, reply + '\0');
}

}  // namespace labgpu
