// HTTP/1.1 as bytes: how a request begins, and what a server answers, read piece by piece.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "helper/error.h"

namespace labgpu {

// The request line and the fields, for a connection that is used once (RFC 9112, sections 3 and
// 9.6). `target` is encoded already.
std::string http_request_head(std::string_view method, std::string_view target);
// The same with a body of so many bytes, which the caller sends next.
std::string http_request_head(std::string_view method, std::string_view target,
                              std::string_view content_type, uint64_t body_size);

// Takes an answer apart: status, and the body without its framing. Boost.Beast's parser does it.
class HttpResponseReader {
 public:
  // Of the status line and the fields, of the trailers, and of what a chunk begins with, in bytes.
  static constexpr size_t kLongestHead = size_t{64} << 10;

  // Gets each piece of the body, of any size, inside of take(), when status() is known. An error
  // ends the answer and is what take() returns.
  using OnBody = std::function<Result<void>(std::string_view)>;

  explicit HttpResponseReader(OnBody on_body);
  ~HttpResponseReader();

  // The next bytes from the server; what follows the end of the answer is ignored. kInvalid for
  // what is not HTTP or too large. Nothing may be given after an error.
  Result<void> take(std::string_view bytes);
  // The server has closed. kUnavailable if something is missing.
  Result<void> take_end();

  [[nodiscard]] bool has_head() const;
  [[nodiscard]] bool is_done() const;
  [[nodiscard]] int status() const;  // 0 until it is known

 private:
  class Parser;
  std::unique_ptr<Parser> parser_;
  std::string input_;  // the beginning of what can only be read as a whole
};

inline bool is_http_success(int status) { return status >= 200 && status < 300; }

// Percent-encodes everything but RFC 3986's unreserved characters.
std::string url_encode(std::string_view text);

}  // namespace labgpu
