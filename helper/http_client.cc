// libcurl's multi interface, driven by the event loop's descriptors and timers.
#include "helper/http_client.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <new>
#include <utility>

namespace labgpu {

namespace {

constexpr long kConnectTimeoutMs = 5000;
// Of a stream, in bytes per second: Docker's events, and what it says of a pull or a build, for
// people. What comes faster waits in the socket, because reading it would take the loop from
// everybody else.
constexpr curl_off_t kStreamRate = curl_off_t{1} << 20;
// As much of one, in bytes, before others have a turn: libcurl reads megabytes before it looks at
// the rate for the first time.
constexpr size_t kStreamPiece = size_t{32} * 1024;
constexpr size_t kMaxHeaderBytes = size_t{64} * 1024;

struct EasyDeleter {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct HeadersDeleter {
  void operator()(curl_slist* headers) const { curl_slist_free_all(headers); }
};

bool is_success(long status) { return status >= 200 && status < 300; }

// For people, who read of a build that had an hour.
std::string in_words(std::chrono::milliseconds time) {
  if (time.count() % 1000 != 0) return std::to_string(time.count()) + " ms";
  return std::to_string(time.count() / 1000) + " s";
}

}  // namespace

// One request under way. libcurl holds its address.
class HttpClient::Transfer {
 public:
  Transfer(HttpClient& client, HttpRequest request, const HttpStream* stream);
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  void start();
  void deliver();
  void finish(CURLcode code);
  void end(CURLcode code);
  Result<HttpResponse> result(CURLcode code);

  Shared<CURLcode> finished;

 private:
  static size_t on_header(char* data, size_t size, size_t count, void* transfer);
  static size_t on_body(char* data, size_t size, size_t count, void* transfer);
  static size_t on_upload(char* data, size_t size, size_t count, void* transfer);
  template <typename Value>
  void set(CURLoption option, Value value);
  void set_body();
  void set_limits();
  void expire_after(std::chrono::milliseconds limit);
  [[nodiscard]] std::chrono::milliseconds time_left() const;
  std::string take_kept();
  size_t take_header(std::string_view line);
  size_t take_body(std::string_view piece);
  void mark_undelivered();
  [[nodiscard]] long status() const;
  [[nodiscard]] bool took_all_its_time() const;
  [[nodiscard]] Failed describe(CURLcode code) const;

  HttpClient& client_;
  HttpRequest request_;
  const HttpStream* stream_;
  std::unique_ptr<CURL, EasyDeleter> easy_;
  std::unique_ptr<curl_slist, HeadersDeleter> headers_;
  std::array<char, CURL_ERROR_SIZE> curl_error_{};
  EventSource expiry_;  // of a stream: of its headers, then of the whole
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  size_t header_bytes_ = 0;
  uint64_t uploaded_ = 0;
  bool headers_done_ = false;
  bool opened_ = false;
  bool too_large_ = false;
  bool undelivered_ = false;
  bool paused_ = false;  // a stream whose callback has to have something first
  std::string body_;     // the response's; of a stream, what its callback has not had yet
};

HttpClient::Transfer::Transfer(HttpClient& client, HttpRequest request, const HttpStream* stream)
    : client_(client), request_(std::move(request)), stream_(stream), easy_(curl_easy_init()) {
  if (!easy_) throw std::bad_alloc();
  // "Expect:" switches libcurl's wait for 100-continue off.
  for (const auto& header : {"Content-Type: " + request_.content_type, std::string("Expect:")}) {
    curl_slist* longer = curl_slist_append(headers_.get(), header.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    static_cast<void>(headers_.release());
    headers_.reset(longer);
  }
  set(CURLOPT_URL, ("http://localhost" + request_.target).c_str());
  set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  if (request_.method == "POST") set_body();
  set(CURLOPT_HTTPHEADER, headers_.get());
  set(CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  set(CURLOPT_WRITEDATA, this);
  set(CURLOPT_PRIVATE, this);
  set(CURLOPT_ERRORBUFFER, curl_error_.data());
  set_limits();
}

void HttpClient::Transfer::set_body() {
  if (request_.upload_fd < 0) {
    set(CURLOPT_POSTFIELDS, request_.body.c_str());
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    return;
  }
  set(CURLOPT_POST, 1L);
  set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.upload_size));
  set(CURLOPT_READFUNCTION, &Transfer::on_upload);
  set(CURLOPT_READDATA, this);
}

void HttpClient::Transfer::set_limits() {
  set(CURLOPT_UNIX_SOCKET_PATH, client_.socket_path_.c_str());
  set(CURLOPT_PROXY, "");  // neither http_proxy nor ALL_PROXY of the environment
  set(CURLOPT_PROTOCOLS_STR, "http");
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_FRESH_CONNECT, 1L);
  set(CURLOPT_FORBID_REUSE, 1L);
  set(CURLOPT_CONNECTTIMEOUT_MS, kConnectTimeoutMs);
  if (stream_ == nullptr) {
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(request_.timeout.count()));
    return;
  }
  set(CURLOPT_MAX_RECV_SPEED_LARGE, kStreamRate);
  if (request_.stream.silence.count() > 0) {
    set(CURLOPT_LOW_SPEED_LIMIT, 1L);  // bytes per second
    set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(request_.stream.silence.count()));
  }
}

HttpClient::Transfer::~Transfer() {
  take_kept();
  if (undelivered_) client_.undelivered_.remove(this);
  curl_multi_remove_handle(client_.multi_, easy_.get());
}

template <typename Value>
void HttpClient::Transfer::set(CURLoption option, Value value) {
  // Only CURLE_OUT_OF_MEMORY is left to happen with the options and values of this file.
  if (curl_easy_setopt(easy_.get(), option, value) != CURLE_OK) throw std::bad_alloc();
}

void HttpClient::Transfer::start() {
  if (curl_multi_add_handle(client_.multi_, easy_.get()) != CURLM_OK) throw std::bad_alloc();
  if (stream_ != nullptr) expire_after(request_.timeout);
}

void HttpClient::Transfer::expire_after(std::chrono::milliseconds limit) {
  expiry_ = client_.loop_.after(limit, [this] { end(CURLE_OPERATION_TIMEDOUT); });
}

// What libcurl has not ended by itself.
void HttpClient::Transfer::end(CURLcode code) {
  curl_multi_remove_handle(client_.multi_, easy_.get());
  finish(code);
}

void HttpClient::Transfer::finish(CURLcode code) {
  expiry_.reset();
  finished.set(code);  // the last thing: the waiter destroys this transfer
}

long HttpClient::Transfer::status() const {
  long status = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  return status;
}

bool HttpClient::Transfer::took_all_its_time() const {
  return request_.stream.whole.count() > 0 && time_left().count() == 0;
}

// Of the whole stream's.
std::chrono::milliseconds HttpClient::Transfer::time_left() const {
  auto passed = std::chrono::steady_clock::now() - begun_;
  auto left = std::chrono::ceil<std::chrono::milliseconds>(request_.stream.whole - passed);
  return std::max(left, std::chrono::milliseconds(0));
}

size_t HttpClient::Transfer::on_header(char* data, size_t size, size_t count, void* transfer) {
  return static_cast<Transfer*>(transfer)->take_header({data, size * count});
}

size_t HttpClient::Transfer::take_header(std::string_view line) {
  header_bytes_ += line.size();
  if (header_bytes_ > kMaxHeaderBytes) {
    too_large_ = true;
    return 0;  // fewer than given: libcurl ends the transfer
  }
  bool last = line == "\r\n" || line == "\n";
  if (last && status() >= 200 && !headers_done_) {
    headers_done_ = true;
    mark_undelivered();
  }
  return line.size();
}

size_t HttpClient::Transfer::on_body(char* data, size_t size, size_t count, void* transfer) {
  return static_cast<Transfer*>(transfer)->take_body({data, size * count});
}

size_t HttpClient::Transfer::on_upload(char* data, size_t size, size_t count, void* transfer) {
  auto* self = static_cast<Transfer*>(transfer);
  uint64_t left = self->request_.upload_size - self->uploaded_;
  ssize_t taken = pread(self->request_.upload_fd, data, std::min<uint64_t>(size * count, left),
                        static_cast<off_t>(self->uploaded_));
  if (taken < 0) return CURL_READFUNC_ABORT;
  self->uploaded_ += static_cast<uint64_t>(taken);
  return static_cast<size_t>(taken);
}

size_t HttpClient::Transfer::take_body(std::string_view piece) {
  bool streams = stream_ != nullptr && is_success(status());
  size_t most = streams ? kStreamPiece : request_.max_body;
  bool fits = piece.size() <= most - body_.size() && piece.size() <= kMostKept - client_.kept_;
  // libcurl reads a hundred times before it lets anybody else have a turn (transfer.c, maxloops).
  if (!fits && streams && !body_.empty()) {
    paused_ = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  if (!fits) {
    too_large_ = true;
    return 0;
  }
  body_.append(piece);
  client_.kept_ += piece.size();
  mark_undelivered();
  return piece.size();
}

std::string HttpClient::Transfer::take_kept() {
  client_.kept_ -= body_.size();
  return std::exchange(body_, {});
}

void HttpClient::Transfer::mark_undelivered() {
  if (stream_ == nullptr || undelivered_) return;
  undelivered_ = true;
  client_.undelivered_.push_back(this);
}

void HttpClient::Transfer::deliver() {
  undelivered_ = false;
  if (!is_success(status())) return;
  if (!std::exchange(opened_, true)) {
    expiry_.reset();
    if (request_.stream.whole.count() > 0) expire_after(time_left());
    stream_->on_open();
  }
  if (!body_.empty() && !stream_->on_data(take_kept())) return end(CURLE_ABORTED_BY_CALLBACK);
  if (!std::exchange(paused_, false)) return;
  // What was left hanging comes at once, and more from the loop.
  if (CURLcode code = curl_easy_pause(easy_.get(), CURLPAUSE_CONT); code != CURLE_OK) end(code);
}

Result<HttpResponse> HttpClient::Transfer::result(CURLcode code) {
  if (code != CURLE_OK) return describe(code);
  return HttpResponse{.status = status(), .body = take_kept()};
}

Failed HttpClient::Transfer::describe(CURLcode code) const {
  if (too_large_) return fail(ErrorCode::kInvalid, "the reply is too large");
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      if (took_all_its_time()) {
        return fail(ErrorCode::kTimeout,
                    "it was not done within " + in_words(request_.stream.whole));
      }
      if (opened_) return fail(ErrorCode::kTimeout, "it fell silent");
      return fail(ErrorCode::kTimeout, "no reply within " + in_words(request_.timeout));
    case CURLE_COULDNT_CONNECT: {
      long os_error = 0;
      curl_easy_getinfo(easy_.get(), CURLINFO_OS_ERRNO, &os_error);
      Error error = fail_errno("connect", static_cast<int>(os_error)).value();
      return fail(ErrorCode::kUnavailable, error.message);
    }
    case CURLE_ABORTED_BY_CALLBACK:
      return fail(ErrorCode::kInvalid, "what it sends makes no sense");
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
      return fail(ErrorCode::kInvalid, "the reply is not HTTP");
    default: {
      bool detailed = curl_error_[0] != '\0';
      return fail(ErrorCode::kUnavailable,
                  std::string("the connection broke off: ") +
                      (detailed ? curl_error_.data() : curl_easy_strerror(code)));
    }
  }
}

HttpClient::HttpClient(EventLoop& loop, std::string socket_path)
    : loop_(loop), socket_path_(std::move(socket_path)) {
  curl_global_init(CURL_GLOBAL_NOTHING);  // counted; TLS is not needed
  multi_ = curl_multi_init();
  if (multi_ == nullptr) throw std::bad_alloc();
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &HttpClient::on_socket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &HttpClient::on_timer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
}

HttpClient::~HttpClient() {
  curl_multi_cleanup(multi_);
  curl_global_cleanup();
}

int HttpClient::on_socket(CURL*, curl_socket_t fd, int what, void* client, void*) {
  auto* self = static_cast<HttpClient*>(client);
  self->sockets_.erase(fd);  // before a new one: epoll takes a descriptor once
  if (what == CURL_POLL_REMOVE) return 0;
  uint32_t events = 0;
  if ((what & CURL_POLL_IN) != 0) events |= EPOLLIN;
  if ((what & CURL_POLL_OUT) != 0) events |= EPOLLOUT;
  self->sockets_[fd] = self->loop_.watch(fd, events, [self, fd](uint32_t ready) {
    int action = 0;
    if ((ready & EPOLLIN) != 0) action |= CURL_CSELECT_IN;
    if ((ready & EPOLLOUT) != 0) action |= CURL_CSELECT_OUT;
    if ((ready & (EPOLLERR | EPOLLHUP)) != 0) action |= CURL_CSELECT_ERR;
    self->act(fd, action);
  });
  return 0;
}

int HttpClient::on_timer(CURLM*, long delay_ms, void* client) {
  auto* self = static_cast<HttpClient*>(client);
  if (delay_ms < 0) {
    self->timer_.reset();
  } else {
    self->timer_ = self->loop_.after(std::chrono::milliseconds(delay_ms),
                                     [self] { self->act(CURL_SOCKET_TIMEOUT, 0); });
  }
  return 0;
}

void HttpClient::act(curl_socket_t fd, int events) {
  int running = 0;
  curl_multi_socket_action(multi_, fd, events, &running);
  deliver();
  finish_done();
}

// Callbacks may start requests and end others, so nothing is remembered across one.
void HttpClient::deliver() {
  while (!undelivered_.empty()) {
    Transfer* next = undelivered_.front();
    undelivered_.pop_front();
    next->deliver();
  }
}

void HttpClient::finish_done() {
  int left = 0;
  while (CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURLcode code = message->data.result;
    char* transfer = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
    reinterpret_cast<Transfer*>(transfer)->finish(code);
  }
}

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
  CURLcode code = co_await transfer.finished;
  co_return transfer.result(code);
}

std::string url_encode(std::string_view text) {
  constexpr std::string_view kUnreserved =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string encoded;
  for (char c : text) {
    if (kUnreserved.find(c) != std::string_view::npos) {
      encoded.push_back(c);
      continue;
    }
    auto byte = static_cast<unsigned char>(c);
    encoded.append({'%', kHex[byte >> 4], kHex[byte & 15]});
  }
  return encoded;
}

}  // namespace labgpu
