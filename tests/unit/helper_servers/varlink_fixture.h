// A Varlink server with low limits, what it serves, and clients that speak to it.
#pragma once

#include <errno.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "helper/varlink_server.h"
#include "tests/support/peer_process.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/helper_docker/run_task.h"

namespace labgpu::test {

using nlohmann::json;
using testing_support::run_until;

inline constexpr std::chrono::milliseconds kIdle{1500};
inline constexpr gid_t kAdmins = 4712;
inline constexpr size_t kLongest = 10000;
inline constexpr size_t kLongestOfAdmins = 20000;

// Notes that it goes.
struct Left {
  std::vector<std::string>& called;
  ~Left() { called.emplace_back("left"); }
};

// Stay answers never, and is left by its caller alone. Echo answers after `waits` milliseconds; Big
// with much; Fail with an error.
class TestInterface final : public VarlinkInterface {
 public:
  explicit TestInterface(EventLoop& loop) : loop_(loop) {}
  std::vector<std::string> called;
  Peer last_peer;

  [[nodiscard]] std::string name() const override { return "org.example"; }
  [[nodiscard]] std::string description() const override { return "interface org.example\n"; }
  [[nodiscard]] bool is_admin(const Peer& peer) const override {
    return VarlinkInterface::is_admin(peer) ||
           std::find(peer.groups.begin(), peer.groups.end(), kAdmins) != peer.groups.end();
  }
  Task<VarlinkReply> call(VarlinkCall call) override {
    last_peer = call.peer;
    auto wait = std::chrono::milliseconds(call.parameters.value("wait", 0));
    if (wait.count() > 0) co_await loop_.sleep(wait);
    called.push_back(call.method + call.parameters.value("tag", ""));
    if (call.method == "Stay") {
      Left left{called};
      call.end_with_caller();
      co_await loop_.sleep(std::chrono::hours(1));
    }
    if (call.method == "Echo") co_return call.parameters;
    if (call.method == "Big") co_return big();
    if (call.method == "Count") {
      for (int i = 1; i <= call.parameters.value("to", 0); ++i) {
        call.tell(counted(i, call.parameters.value("text", "")));
        co_await loop_.turn();
      }
      called.emplace_back("the end");
      co_return counted(0, "");
    }
    co_return method_not_found(call);
  }

 private:
  static json counted(int i, const std::string& text) {
    json counted = {{"i", i}};
    if (!text.empty()) counted["text"] = text;
    return counted;
  }
  static json big() { return {{"text", std::string(size_t{3} << 20, 'b')}}; }
  EventLoop& loop_;
};

class VarlinkFixture : public testing::Test {
 protected:
  class Client {
   public:
    Client(EventLoop& loop, UniqueFd fd) : loop_(loop), fd_(std::move(fd)) {}
    void send(std::string_view bytes) {
      while (!bytes.empty()) {
        auto sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno != EAGAIN) return;  // the server hung up
        if (sent > 0) bytes.remove_prefix(static_cast<size_t>(sent));
        loop_.run_once(std::chrono::milliseconds(0));
      }
    }
    void call(const std::string& method, const json& parameters,
              const json& more = json::object()) {
      json message = {{"method", method}, {"parameters", parameters}};
      message.update(more);
      send(message.dump() + std::string(1, '\0'));
    }
    // The next reply; null at the end of the connection.
    json receive() {
      for (;;) {
        auto end = buffer_.find('\0');
        if (end != std::string::npos) {
          auto message = buffer_.substr(0, end);
          buffer_.erase(0, end + 1);
          return json::parse(message);
        }
        pollfd waited{.fd = fd_.get(), .events = POLLIN, .revents = 0};
        run_until(loop_, [&] { return poll(&waited, 1, 0) > 0; });
        char chunk[1 << 16];
        auto size = recv(fd_.get(), chunk, sizeof chunk, MSG_DONTWAIT);
        if (size <= 0) return nullptr;
        buffer_.append(chunk, static_cast<size_t>(size));
      }
    }
    [[nodiscard]] int fd() const { return fd_.get(); }
    void hang_up() { fd_.reset(); }

   private:
    EventLoop& loop_;
    UniqueFd fd_;
    std::string buffer_;
  };

  VarlinkFixture() {
    std::filesystem::permissions(directory_.path(), std::filesystem::perms(0755));
    auto listening = listen_at(path_, SOCK_STREAM);
    if (!listening) throw std::runtime_error(listening.error().message);
    VarlinkLimits limits{.message = kLongest,
                         .message_of_admin = kLongestOfAdmins,
                         .connections = {.total = 8, .unprivileged = 4, .per_user = 2},
                         .idle = kIdle};
    server_ = std::make_unique<VarlinkServer>(loop_, std::move(*listening), interface_, limits);
  }
  Client client(uid_t uid = 0, std::vector<gid_t> groups = {}) {
    PeerProcess peer(
        {.uid = uid, .own_network = false, .type = SOCK_STREAM, .groups = std::move(groups)},
        path_);
    return Client(loop_, std::move(peer.connection));
  }
  static std::string error_of(const json& reply) { return reply.value("error", "none"); }

  EventLoop loop_;
  TemporaryDirectory directory_;
  std::string path_ = directory_ / "socket";
  TestInterface interface_{loop_};
  std::unique_ptr<VarlinkServer> server_;
};

}  // namespace labgpu::test
