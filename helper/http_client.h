// HTTP/1.1 over one Unix socket, for coroutines on the event loop.
//
// Every request has its own connection, so a server that was restarted in between is never met on a
// stale one. No redirects, and bounded headers, bodies and times.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "helper/error.h"
#include "helper/event_loop.h"
#include "helper/task.h"

namespace labgpu {

// What ends a stream; 0 is never.
struct StreamLimits {
  std::chrono::seconds silence{0};     // that long without a byte, in either direction
  std::chrono::milliseconds whole{0};  // all of it, from the request on
};

struct HttpRequest {
  std::string method = "GET";
  std::string target = {};  // path and query, already encoded
  std::string body = {};    // JSON; sent with POST only
  // In place of the body: so many bytes from the start of a regular file, which must stay open.
  int upload_fd = -1;
  uint64_t upload_size = 0;
  std::string content_type = "application/json";
  // For the whole exchange; of a stream, for the time until its headers are there.
  std::chrono::milliseconds timeout{30000};
  StreamLimits stream = {};
  size_t max_body = size_t{1} << 20;  // of a response; a stream's success has no limit
};

struct HttpResponse {
  int status = 0;
  std::string body;
};

// What a stream calls, from the event loop. A callback must not destroy the stream's own Task.
struct HttpStream {
  std::function<void()> on_open;  // the headers came, with a 2xx status
  // Then each piece of the body, of any size. False ends the stream, with kInvalid.
  std::function<bool(std::string_view)> on_data;
};

class HttpClient {
 public:
  // Of the bodies of all requests that are under way, together: however many users wait for a
  // server that answers with far too much.
  static constexpr size_t kMostKept = size_t{64} << 20;

  // `loop` must outlive the client, the client its requests.
  HttpClient(EventLoop& loop, std::string socket_path);
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Any status is a success here. Errors: kUnavailable for a connection that cannot be had or broke
  // off, kTimeout, kInvalid for what is not HTTP or too large. Destroying the Task cancels the
  // request.
  Task<Result<HttpResponse>> request(HttpRequest request);

  // The same for a body without an end: a 2xx body goes to `stream`, any other to the response.
  Task<Result<HttpResponse>> stream(HttpRequest request, HttpStream stream);

  [[nodiscard]] const std::string& socket_path() const { return socket_path_; }
  // How many requests were sent so far.
  [[nodiscard]] uint64_t request_count() const { return request_count_; }

 private:
  class Transfer;
  Task<Result<HttpResponse>> perform(HttpRequest request, const HttpStream* stream);

  EventLoop& loop_;
  std::string socket_path_;
  uint64_t request_count_ = 0;
  size_t kept_ = 0;  // bytes of bodies
};

}  // namespace labgpu
