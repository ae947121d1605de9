// Plays the helper on the session socket.
#include "tests/module/pam/fake_helper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <shared_mutex>

#include "common/packet_socket.h"
#include "common/paths.h"

namespace labgpu::test {

namespace {

// Shared by the threads of helpers while they may allocate, which is always but for their waiting;
// alone for a fork.
std::shared_mutex allocating;

Deadline soon() { return Deadline::after_ms(10000); }

// Who asked for a session does not wait for the answer, and may be gone.
template <typename Message>
void send_answer(int socket, const Message& message, const std::vector<int>& fds = {}) {
  EXPECT_THAT(send_message(socket, message, soon(), fds), testing::AnyOf(0, ECONNRESET));
}

// Reads Hello and the request, and says Hello.
template <typename Request>
void take_request(int socket, Request& request, std::span<unsigned char> buffer) {
  Packet packet;
  Hello hello;
  Failure failure;
  ASSERT_EQ(receive_message(socket, buffer, packet, hello, failure, soon()), 0);
  EXPECT_EQ(hello.version, kProtocolVersion);
  ASSERT_EQ(receive_message(socket, buffer, packet, request, failure, soon()), 0);
  send_answer(socket, Hello{});
}

std::string describe(const HostAccount& host) {
  return std::to_string(host.origin) + " " + std::to_string(host.uid) + ":" +
         std::to_string(host.gid) + " " + std::string(host.group) + " " + std::string(host.home) +
         " " + std::string(host.real_name);
}

}  // namespace

FakeHelper::FakeHelper(Behaviour behaviour) : behaviour_(std::move(behaviour)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  static_assert(sizeof kSessionSocket <= sizeof address.sun_path);
  memcpy(address.sun_path, kSessionSocket, sizeof kSessionSocket);
  unlink(kSessionSocket);
  listener_.reset(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      listen(listener_.get(), 16) != 0) {
    throw std::runtime_error("cannot listen on the session socket");
  }
  acceptor_ = std::thread(&FakeHelper::accept_all, this);
  started_.acquire();
}

FakeHelper::~FakeHelper() {
  shutdown(listener_.get(), SHUT_RDWR);
  over_.count_down();
  acceptor_.join();
  {
    std::lock_guard lock(mutex_);
    for (const UniqueFd& connection : open_) shutdown(connection.get(), SHUT_RDWR);
  }
  for (std::thread& server : servers_) server.join();
  unlink(kSessionSocket);
}

void FakeHelper::accept_all() {
  started_.release();
  for (;;) {
    UniqueFd connection(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!connection.valid()) return;
    std::shared_lock busy(allocating);
    ++connections_;
    std::lock_guard lock(mutex_);
    open_.push_back(std::move(connection));
    servers_.emplace_back(&FakeHelper::serve, this, open_.back().get());
    started_.acquire();
  }
}

void FakeHelper::serve(int connection) {
  {
    std::shared_lock busy(allocating);
    started_.release();
    behaviour_(connection);
    std::lock_guard lock(mutex_);
    open_.remove_if([&](const UniqueFd& fd) { return fd.get() == connection; });
    ++ended_;
  }
  over_.wait();
}

bool FakeHelper::has_served(int count) const {
  auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (connections_ < count) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  std::unique_lock quiet(allocating);
  return true;
}

bool FakeHelper::all_ended(std::chrono::milliseconds limit) const {
  auto until = std::chrono::steady_clock::now() + limit;
  while (ended_ != connections_) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

void wait_for_end(int socket) {
  unsigned char buffer[kSmallPacket];
  allocating.unlock_shared();
  while (recv(socket, buffer, sizeof buffer, 0) > 0) {
  }
  allocating.lock_shared();
}

void hang_up(int) {}

pid_t quiet_fork() {
  std::unique_lock quiet(allocating);
  return fork();
}

FakeHelper::Behaviour give_verdict(bool allowed, std::string sentence, SeenRequest* seen,
                                   bool change_password) {
  return [=](int socket) {
    unsigned char buffer[kSmallPacket];
    CheckAccount request;
    take_request(socket, request, buffer);
    if (seen != nullptr) {
      *seen = {request.kType, std::string(request.user), std::string(request.remote_host), 0,
               describe(request.host)};
    }
    AccountVerdict verdict{
        .allowed = allowed, .change_password = change_password, .sentence = sentence};
    ASSERT_EQ(send_message(socket, verdict, soon()), 0);
    wait_for_end(socket);
  };
}

FakeHelper::Behaviour take_passwords(std::vector<SeenPassword>& seen, int check, int change) {
  return [=, &seen](int socket) {
    unsigned char buffer[kSmallPacket];
    Packet packet;
    Hello hello;
    Failure failure;
    ASSERT_EQ(receive_message(socket, buffer, packet, hello, failure, soon()), 0);
    ASSERT_EQ(receive_raw(socket, buffer, packet, soon()), 0);
    CheckPassword checked;
    ChangePassword changed;
    int code = check;
    if (parse_packet(packet, checked) == 0) {
      seen.push_back({checked.kType, std::string(checked.user), checked.by_root == 1,
                      std::string(checked.old_password), ""});
    } else {
      ASSERT_EQ(parse_packet(packet, changed), 0);
      seen.push_back({changed.kType, std::string(changed.user), changed.by_root == 1,
                      std::string(changed.old_password), std::string(changed.new_password)});
      code = change;
    }
    ASSERT_EQ(send_message(socket, Hello{}, soon()), 0);
    if (code == 0) {
      ASSERT_EQ(send_message(socket, PasswordAccepted{}, soon()), 0);
    } else {
      auto sentence = "no: " + std::to_string(code);
      Failure refusal{.code = static_cast<uint16_t>(code), .sentence = sentence};
      ASSERT_EQ(send_message(socket, refusal, soon()), 0);
    }
    wait_for_end(socket);
  };
}

FakeHelper::Behaviour give_session(std::vector<int> fds, SeenRequest* seen) {
  return [=](int socket) {
    unsigned char buffer[kSmallPacket];
    OpenSession request;
    take_request(socket, request, buffer);
    if (seen != nullptr) {
      *seen = {request.kType, std::string(request.user), std::string(request.remote_host),
               request.wait_ms, describe(request.host)};
    }
    send_answer(socket, SessionOpened{.ready = !fds.empty(), .session = 7}, fds);
    wait_for_end(socket);
  };
}

FakeHelper::Behaviour give_failure(FailureCode code, std::string sentence) {
  return [=](int socket) {
    Failure failure{.code = static_cast<uint16_t>(code), .sentence = sentence};
    ASSERT_EQ(send_message(socket, Hello{}, soon()), 0);
    ASSERT_EQ(send_message(socket, failure, soon()), 0);
    wait_for_end(socket);
  };
}

FakeHelper::Behaviour send_packets(std::vector<std::string> packets, std::vector<int> fds) {
  return [=](int socket) {
    for (const std::string& packet : packets) {
      bool last = &packet == &packets.back();
      iovec part{.iov_base = const_cast<char*>(packet.data()), .iov_len = packet.size()};
      std::vector<unsigned char> control(CMSG_SPACE(fds.size() * sizeof(int)));
      msghdr header{};
      header.msg_iov = &part;
      header.msg_iovlen = 1;
      if (last && !fds.empty()) {
        header.msg_control = control.data();
        header.msg_controllen = control.size();
        cmsghdr* c = CMSG_FIRSTHDR(&header);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
        memcpy(CMSG_DATA(c), fds.data(), fds.size() * sizeof(int));
      }
      // A peer that did not like an earlier packet is gone by now.
      if (sendmsg(socket, &header, MSG_NOSIGNAL) < 0 && errno == EPIPE) return;
    }
    wait_for_end(socket);
  };
}

}  // namespace labgpu::test
