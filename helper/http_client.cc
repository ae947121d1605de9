// One connection for each request, driven by the event loop's descriptors and timers.
#include "helper/http_client.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "common/unique_fd.h"
#include "common/unix_address.h"
#include "helper/http_message.h"

namespace labgpu {

namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

// Read or sent at once, in bytes, before others have a turn.
constexpr size_t kPiece = size_t{32} << 10;
// Of a stream, in bytes per second: Docker's events, and what it says of a pull or a build, for
// people. What comes faster waits in the socket, because reading it would take the loop from
// everybody else.
constexpr int64_t kStreamRate = int64_t{1} << 20;
// A piece of a stream's takes this long at that rate; only what is further ahead waits.
constexpr milliseconds kStreamAhead{32};
constexpr milliseconds kConnectAgain{5};
// A list of some dozen containers, in bytes; as JSON it takes ten times that.
constexpr size_t kLargeBody = size_t{64} << 10;

// For people, who read of a build that had an hour.
std::string in_words(milliseconds time) {
  if (time.count() % 1000 != 0) return std::to_string(time.count()) + " ms";
  return std::to_string(time.count() / 1000) + " s";
}

milliseconds until(Clock::time_point time) {
  return std::max(std::chrono::ceil<milliseconds>(time - Clock::now()), milliseconds(0));
}

}  // namespace

// One request under way. Whoever waits for `finished` destroys it.
class HttpClient::Transfer {
 public:
  Transfer(HttpClient& client, HttpRequest request, const HttpStream* stream);
  ~Transfer() { take_kept(); }
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  void start();
  // Of a success; what a stream's callbacks have had is not in it.
  HttpResponse response() { return {.status = reader_.status(), .body = take_kept()}; }

  Shared<Result<void>> finished;

 private:
  void connect();
  void watch();
  void on_ready(uint32_t events);
  Result<void> send_some();
  [[nodiscard]] bool has_more_to_send() const;
  Result<void> read_upload();
  void receive();
  Result<void> take_body(std::string_view piece);
  std::string take_kept();
  bool deliver();
  void keep_pace(size_t count);
  void expire_after(milliseconds limit);
  void look_for_silence();
  [[nodiscard]] Failed expired() const;
  void end(Result<void> outcome);

  HttpClient& client_;
  HttpRequest request_;
  const HttpStream* stream_;
  HttpResponseReader reader_;
  UniqueFd socket_;
  EventSource ready_;  // or, when there is something to wait for first,
  EventSource later_;
  uint32_t events_ = 0;  // that `ready_` looks for
  EventSource expiry_;   // of a stream: of its headers, then of the whole
  EventSource silence_;
  Clock::time_point begun_ = Clock::now();
  Clock::time_point heard_ = begun_;       // the last byte, in either direction
  Clock::time_point read_until_ = begun_;  // when a stream may have come so far
  std::string unsent_;
  uint64_t uploaded_ = 0;  // read from the file so far
  bool opened_ = false;
  std::string body_;  // the response's; of a stream, what its callback has not had yet
};

HttpClient::Transfer::Transfer(HttpClient& client, HttpRequest request, const HttpStream* stream)
    : client_(client),
      request_(std::move(request)),
      stream_(stream),
      reader_([this](std::string_view piece) { return take_body(piece); }) {
  if (request_.method != "POST") {
    unsent_ = http_request_head(request_.method, request_.target);
    request_.upload_size = 0;
    return;
  }
  bool uploads = request_.upload_fd >= 0;
  if (!uploads) request_.upload_size = 0;
  uint64_t size = uploads ? request_.upload_size : request_.body.size();
  unsent_ = http_request_head("POST", request_.target, request_.content_type, size);
  if (!uploads) unsent_ += request_.body;
}

void HttpClient::Transfer::start() {
  expire_after(request_.timeout);
  look_for_silence();
  socket_.reset(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket_.valid()) return end(unavailable_errno("make a socket", errno));
  connect();
}

// A non-blocking connect to a Unix socket either succeeds at once or fails; with EAGAIN the
// listener's backlog is full (connect(2)), for which there is nothing to poll.
void HttpClient::Transfer::connect() {
  sockaddr_un address{};
  bool connected = set_unix_address(address, client_.socket_path_) &&
                   ::connect(socket_.get(), as_sockaddr(address), sizeof address) == 0;
  if (!connected && (errno == EAGAIN || errno == EINTR)) {
    later_ = client_.loop_.after(kConnectAgain, [this] { connect(); });
  } else if (!connected) {
    end(unavailable_errno("connect", errno));
  } else if (auto sent = send_some(); !sent) {
    end(std::move(sent));
  } else {
    watch();
  }
}

void HttpClient::Transfer::watch() {
  uint32_t events = EPOLLIN | (has_more_to_send() ? EPOLLOUT : 0U);
  if (events == events_) return;
  events_ = events;
  ready_.reset();  // before a new one: epoll takes a descriptor once
  ready_ = client_.loop_.watch(socket_.get(), events, [this](uint32_t now) { on_ready(now); });
}

void HttpClient::Transfer::on_ready(uint32_t events) {
  if ((events & EPOLLOUT) != 0) {
    if (auto sent = send_some(); !sent) return end(std::move(sent));
    watch();
  }
  if ((events & ~uint32_t{EPOLLOUT}) != 0) receive();
}

bool HttpClient::Transfer::has_more_to_send() const {
  return !unsent_.empty() || uploaded_ < request_.upload_size;
}

Result<void> HttpClient::Transfer::send_some() {
  if (unsent_.empty()) {
    if (auto read = read_upload(); !read) return read;
  }
  ssize_t sent = send(socket_.get(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
  if (sent >= 0) {
    unsent_.erase(0, static_cast<size_t>(sent));
    heard_ = Clock::now();
  } else if (errno == EPIPE || errno == ECONNRESET) {
    // A server that refuses a body says so before it has read all of it: what it said can be read.
    unsent_.clear();
    uploaded_ = request_.upload_size;
  } else if (errno != EAGAIN && errno != EINTR) {
    return unavailable_errno("the connection broke off", errno);
  }
  return {};
}

Result<void> HttpClient::Transfer::read_upload() {
  std::array<char, kPiece> piece;
  uint64_t left = request_.upload_size - uploaded_;
  ssize_t count = pread(request_.upload_fd, piece.data(), std::min<uint64_t>(piece.size(), left),
                        static_cast<off_t>(uploaded_));
  if (count < 0) return fail_errno("read what is to be sent", errno);
  if (count == 0) return fail(ErrorCode::kSystem, "what is to be sent has become shorter");
  unsent_.assign(piece.data(), static_cast<size_t>(count));
  uploaded_ += static_cast<uint64_t>(count);
  return {};
}

// The last thing in a callback: it may be the end.
void HttpClient::Transfer::receive() {
  std::array<char, kPiece> piece;
  ssize_t count = recv(socket_.get(), piece.data(), piece.size(), 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count < 0) return end(unavailable_errno("the connection broke off", errno));
  heard_ = Clock::now();
  auto size = static_cast<size_t>(count);
  Result<void> taken = size == 0 ? reader_.take_end() : reader_.take({piece.data(), size});
  // What was right before something was wrong counts.
  if (!deliver()) return end(fail(ErrorCode::kInvalid, "what it sends makes no sense"));
  if (!taken || reader_.is_done()) return end(std::move(taken));
  keep_pace(size);
}

Result<void> HttpClient::Transfer::take_body(std::string_view piece) {
  bool streams = stream_ != nullptr && is_http_success(reader_.status());
  bool fits = (streams || piece.size() <= request_.max_body - body_.size()) &&
              piece.size() <= kMostKept - client_.kept_;
  if (!fits) return fail(ErrorCode::kInvalid, "the reply is too large");
  body_.append(piece);
  client_.kept_ += piece.size();
  return {};
}

std::string HttpClient::Transfer::take_kept() {
  client_.kept_ -= body_.size();
  return std::exchange(body_, {});
}

// To the stream's callbacks, which may start requests and end others; false if they want no more.
bool HttpClient::Transfer::deliver() {
  if (stream_ == nullptr || !reader_.has_head() || !is_http_success(reader_.status())) return true;
  if (!std::exchange(opened_, true)) {
    expiry_.reset();
    if (request_.stream.whole.count() > 0) expire_after(until(begun_ + request_.stream.whole));
    stream_->on_open();
  }
  return body_.empty() || stream_->on_data(take_kept());
}

void HttpClient::Transfer::keep_pace(size_t count) {
  if (stream_ == nullptr) return;
  auto now = Clock::now();
  read_until_ = std::max(read_until_, now) +
                std::chrono::nanoseconds(static_cast<int64_t>(count) * 1'000'000'000 / kStreamRate);
  if (read_until_ - now < kStreamAhead) return;
  ready_.reset();
  events_ = 0;
  later_ = client_.loop_.after(until(read_until_), [this] { watch(); });
}

void HttpClient::Transfer::expire_after(milliseconds limit) {
  expiry_ = client_.loop_.after(limit, [this] { end(expired()); });
}

Failed HttpClient::Transfer::expired() const {
  const auto& whole = request_.stream.whole;
  if (whole.count() > 0 && until(begun_ + whole).count() == 0) {
    return fail(ErrorCode::kTimeout, "it was not done within " + in_words(whole));
  }
  return fail(ErrorCode::kTimeout, "no reply within " + in_words(request_.timeout));
}

void HttpClient::Transfer::look_for_silence() {
  const auto& limit = request_.stream.silence;
  if (limit.count() == 0) return;
  if (auto left = until(heard_ + limit); left.count() > 0) {
    silence_ = client_.loop_.after(left, [this] { look_for_silence(); });
  } else {
    end(fail(ErrorCode::kTimeout,
             opened_ ? "it fell silent" : "no reply within " + in_words(limit)));
  }
}

void HttpClient::Transfer::end(Result<void> outcome) {
  for (auto* source : {&ready_, &later_, &expiry_, &silence_}) source->reset();
  finished.set(std::move(outcome));  // the last thing: the waiter destroys this transfer
}

HttpClient::HttpClient(EventLoop& loop, std::string socket_path)
    : loop_(loop), socket_path_(std::move(socket_path)) {}

Task<Result<HttpResponse>> HttpClient::request(HttpRequest request) {
  return perform(std::move(request), nullptr);
}

Task<Result<HttpResponse>> HttpClient::stream(HttpRequest request, HttpStream stream) {
  co_return co_await perform(std::move(request), &stream);
}

Task<Result<HttpResponse>> HttpClient::perform(HttpRequest request, const HttpStream* stream) {
  ++request_count_;
  Transfer transfer(*this, std::move(request), stream);
  transfer.start();
  Result<void> done = co_await transfer.finished;
  if (!done) co_return Failed(done.error());
  HttpResponse response = transfer.response();
  if (response.body.size() >= kLargeBody) loop_.trim_memory_soon();
  co_return response;
}

}  // namespace labgpu
