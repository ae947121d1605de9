// A session server with short time limits, and a client that speaks packets to it.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <memory>
#include <string>

#include "common/packet_socket.h"
#include "helper/session_server.h"
#include "tests/support/peer_process.h"
#include "tests/unit/helper_docker/run_task.h"
#include "tests/unit/helper_servers/accounts.h"
#include "tests/unit/helper_servers/fake_containers.h"

namespace labgpu::test {

using testing_support::run_until;

inline bool is_readable(int fd) {
  pollfd waited{.fd = fd, .events = POLLIN, .revents = 0};
  return poll(&waited, 1, 0) > 0;
}

class SessionFixture : public testing::Test {
 protected:
  // One side of a connection, in the test's own thread: the loop turns while it waits.
  class Client {
   public:
    Client(EventLoop& loop, UniqueFd fd) : loop_(loop), fd_(std::move(fd)) {}

    template <typename Message>
    void send(const Message& message, std::span<const int> fds = {}) {
      ASSERT_EQ(send_message(fd_.get(), message, buffer_, Deadline::after_ms(0), fds), 0);
    }
    // The next packet; its error as of receive_raw().
    int receive() {
      run_until(loop_, [this] { return is_readable(fd_.get()); });
      return receive_raw(fd_.get(), buffer_, packet_, Deadline::after_ms(0));
    }
    template <typename Message>
    Message expect() {
      Message message;
      EXPECT_EQ(receive(), 0);
      EXPECT_EQ(parse_packet(packet_, message), 0) << static_cast<int>(packet_.type);
      return message;
    }
    void expect_failure(FailureCode code) {
      auto failure = expect<Failure>();
      EXPECT_EQ(failure.code, static_cast<uint16_t>(code)) << failure.sentence;
      EXPECT_FALSE(failure.sentence.empty());
      expect_end();
    }
    void expect_end() { EXPECT_EQ(receive(), ECONNRESET); }
    void greet() {
      send(Hello{});
      expect<Hello>();
    }
    Packet& packet() { return packet_; }
    [[nodiscard]] int fd() const { return fd_.get(); }
    void hang_up() { fd_.reset(); }

   private:
    EventLoop& loop_;
    UniqueFd fd_;
    unsigned char buffer_[kSmallPacket];
    Packet packet_;
  };

  SessionFixture() {
    auto listening = listen_at(path_, SOCK_SEQPACKET);
    if (!listening) throw std::runtime_error(listening.error().message);
    write_file(drop_in_, "Match User *,!root Group labgpu,gpuusers\n");
    server_ = std::make_unique<SessionServer>(loop_, std::move(*listening), *accounts_.store,
                                              host_accounts_, containers_, policy_, maintenance_,
                                              passwords_, greeter_, limits_);
  }

  Client client() {
    UniqueFd fd;
    EXPECT_EQ(connect_packet_socket(path_.c_str(), Deadline::after_ms(1000), fd), 0);
    return Client(loop_, std::move(fd));
  }
  Client greeted() {
    auto made = client();
    made.greet();
    return made;
  }
  void turn_loop(int milliseconds = 20) {
    auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
    while (std::chrono::steady_clock::now() < end) loop_.run_once(std::chrono::milliseconds(1));
  }

  EventLoop loop_;
  Accounts accounts_{loop_};
  std::string path_ = accounts_.directory / "session";
  Config config_ = [] {
    Config config;
    config.bridge = {.groups = {"gpuusers"}};
    return config;
  }();
  std::string drop_in_ = accounts_.directory / "00-labgpu.conf";
  HostAccounts host_accounts_{*accounts_.store, config_, drop_in_};
  SettingsPolicy policy_;
  Maintenance maintenance_ = Maintenance::open(*accounts_.records).value();
  SessionLimits limits_{.connections = {.total = 12, .unprivileged = 8, .per_user = 4},
                        .handshake = std::chrono::milliseconds(1500),
                        .login = std::chrono::milliseconds(1000),
                        .unseen = std::chrono::milliseconds(0),
                        .progress = std::chrono::milliseconds(2),
                        .init = std::chrono::milliseconds(500)};
  FakeContainers containers_;
  Worker worker_{loop_};
  PasswordChanges passwords_{
      *accounts_.store, worker_, {.wrong = 3, .period = std::chrono::milliseconds(1000)}};
  Greeter greeter_{loop_,
                   containers_,
                   config_,
                   built_in_greetings(),
                   ask_kernel_for_disk,
                   accounts_.directory / "gpus"};
  std::unique_ptr<SessionServer> server_;
};

}  // namespace labgpu::test
