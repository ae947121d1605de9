// Requests as text, and answers by Boost.Beast's parser, which takes bytes and owns no connection.
#include "helper/http_message.h"

#include <boost/beast/http/basic_parser.hpp>
#include <limits>
#include <utility>

namespace labgpu {

namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

std::string_view view_of(beast::string_view text) { return {text.data(), text.size()}; }

}  // namespace

// The functions that http::basic_parser calls (boost.org, Beast, basic_parser).
class HttpResponseReader::Parser : public http::basic_parser<false> {
 public:
  explicit Parser(OnBody on_body) : on_body_(std::move(on_body)) {
    eager(true);  // the body in the same call as the head
    // Whoever gets the body knows how much is too much. Boost 1.74 takes "none" for 0.
    body_limit(std::numeric_limits<uint64_t>::max());
    header_limit(kLongestHead);
  }

  int status = 0;
  Result<void> outcome;  // of the body's pieces

 private:
  void on_request_impl(http::verb, beast::string_view, beast::string_view, int,
                       beast::error_code&) override {}
  // 1xx announces another answer; nothing that asks for one is sent.
  void on_response_impl(int code, beast::string_view, int, beast::error_code& error) override {
    status = code;
    if (code < 200) error = http::error::bad_status;
  }
  void on_field_impl(http::field, beast::string_view, beast::string_view,
                     beast::error_code&) override {}
  void on_header_impl(beast::error_code&) override {}
  void on_body_init_impl(const boost::optional<uint64_t>&, beast::error_code&) override {}
  size_t on_body_impl(beast::string_view piece, beast::error_code& error) override {
    return take_body(view_of(piece), error);
  }
  void on_chunk_header_impl(uint64_t, beast::string_view, beast::error_code&) override {}
  size_t on_chunk_body_impl(uint64_t, beast::string_view piece, beast::error_code& error) override {
    return take_body(view_of(piece), error);
  }
  void on_finish_impl(beast::error_code&) override {}

  size_t take_body(std::string_view piece, beast::error_code& error) {
    outcome = on_body_(piece);
    if (!outcome) error = http::error::end_of_stream;  // any: `outcome` says what it is
    return piece.size();
  }

  OnBody on_body_;
};

HttpResponseReader::HttpResponseReader(OnBody on_body)
    : parser_(std::make_unique<Parser>(std::move(on_body))) {}

HttpResponseReader::~HttpResponseReader() = default;

bool HttpResponseReader::has_head() const { return parser_->is_header_done(); }

bool HttpResponseReader::is_done() const { return parser_->is_done(); }

int HttpResponseReader::status() const { return parser_->status; }

Result<void> HttpResponseReader::take(std::string_view bytes) {
  if (is_done() || bytes.empty()) return {};
  input_.append(bytes);
  beast::error_code error;
  size_t taken = parser_->put(boost::asio::buffer(input_), error);
  input_.erase(0, taken);
  if (!parser_->outcome) return parser_->outcome;
  if (error == http::error::header_limit || input_.size() > kLongestHead) {
    return fail(ErrorCode::kInvalid, "the reply is too large");
  }
  if (error && error != http::error::need_more) {
    return fail(ErrorCode::kInvalid, "the reply is not HTTP");
  }
  return {};
}

Result<void> HttpResponseReader::take_end() {
  if (is_done()) return {};
  beast::error_code error = http::error::end_of_stream;
  if (parser_->got_some()) parser_->put_eof(error);
  if (error)
    return fail(ErrorCode::kUnavailable, "the connection broke off before the reply ended");
  return {};
}

std::string http_request_head(std::string_view method, std::string_view target) {
  std::string head(method);
  head.append(" ").append(target).append(" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
  return head + "\r\n";
}

std::string http_request_head(std::string_view method, std::string_view target,
                              std::string_view content_type, uint64_t body_size) {
  std::string head = http_request_head(method, target);
  head.erase(head.size() - 2);  // the empty line
  head.append("Content-Type: ").append(content_type).append("\r\nContent-Length: ");
  return head + std::to_string(body_size) + "\r\n\r\n";
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
