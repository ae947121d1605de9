// An HTTP server on a Unix socket that answers whatever a test wants, byte by byte, from a thread.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "common/unique_fd.h"

namespace labgpu::testing_support {

struct FakeRequest {
  std::string method;
  std::string target;
  std::string body;
};

// How much of a request is read before the handler has its turn.
enum class Reading { kAll, kHeadOnly };

// One client's connection, given to the handler on a thread of its own.
class FakeConnection {
 public:
  explicit FakeConnection(UniqueFd socket) : socket_(std::move(socket)) {}
  // Sends these bytes and nothing else.
  void send(std::string_view bytes) const;
  [[nodiscard]] bool is_hung_up() const { return wait_hangup(0); }
  // Waits until the client has hung up.
  void wait_hangup() const { wait_hangup(kLimitMs); }
  // Waits until the test says so, or its end has taken the client away.
  void wait_for(const std::atomic<bool>& word) const;
  // Waits until the client has read all that was sent, or has hung up.
  void wait_read() const;
  [[nodiscard]] FakeRequest receive(Reading reading) const;

 private:
  static constexpr int kLimitMs = 20000;
  bool wait_hangup(int limit_ms) const;
  UniqueFd socket_;
};

class FakeServer {
 public:
  using Handler = std::function<void(const FakeRequest&, const FakeConnection&)>;

  // Listens on socket_path() until it is destroyed; the connection is closed when `handler`
  // returns.
  explicit FakeServer(Handler handler, Reading reading = Reading::kAll);
  ~FakeServer();
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;

  [[nodiscard]] const std::string& socket_path() const { return socket_path_; }
  // "METHOD target" of all so far.
  [[nodiscard]] std::vector<std::string> requests();

 private:
  void accept_all();
  void serve(UniqueFd socket);

  Handler handler_;
  Reading reading_;
  std::string directory_;
  std::string socket_path_;
  UniqueFd listener_;
  std::thread acceptor_;
  std::vector<std::thread> connections_;
  std::mutex mutex_;
  std::vector<std::string> requests_;
};

// A whole response with the right length.
std::string http_reply(int status, const std::string& body);

// A handler that answers GET /version like an engine of `newest` and `oldest`, and the rest as
// `next`.
FakeServer::Handler with_version(const std::string& newest, const std::string& oldest,
                                 FakeServer::Handler next);

}  // namespace labgpu::testing_support
