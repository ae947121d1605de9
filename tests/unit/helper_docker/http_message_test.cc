// Requests as text, and answers that come in any pieces.
#include "helper/http_message.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace labgpu {
namespace {

// What is read of `answer`, given in pieces of so many bytes.
struct Read {
  explicit Read(std::string_view answer, size_t piece = 1) {
    for (; outcome && !answer.empty(); answer.remove_prefix(std::min(piece, answer.size()))) {
      outcome = reader.take(answer.substr(0, piece));
    }
  }

  std::string body;
  HttpResponseReader reader{[this](std::string_view piece) {
    body += piece;
    return Result<void>();
  }};
  Result<void> outcome;
};

constexpr char kChunked[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

TEST(HttpRequestHead, EndsWithAnEmptyLine) {
  EXPECT_EQ(http_request_head("GET", "/a?b"),
            "GET /a?b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
}

TEST(HttpRequestHead, TellsOfTheBody) {
  EXPECT_EQ(http_request_head("POST", "/a", "application/x-tar", 12),
            "POST /a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            "Content-Type: application/x-tar\r\nContent-Length: 12\r\n\r\n");
}

TEST(HttpResponseReader, TakesAnyPieces) {
  std::string answer =
      std::string(kChunked) + "3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nT: 1\r\n\r\n";
  for (size_t piece = 1; piece <= answer.size(); ++piece) {
    Read read(answer, piece);
    ASSERT_TRUE(read.outcome) << piece;
    EXPECT_TRUE(read.reader.is_done()) << piece;
    EXPECT_EQ(read.reader.status(), 200) << piece;
    EXPECT_EQ(read.body, "abc0123456789") << piece;
  }
}

TEST(HttpResponseReader, KnowsTheHeadBeforeTheBody) {
  Read read("HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n");
  EXPECT_TRUE(read.reader.has_head());
  EXPECT_EQ(read.reader.status(), 201);
  EXPECT_FALSE(read.reader.is_done());
}

TEST(HttpResponseReader, ABodyWithoutALengthEndsWithTheConnection) {
  Read read("HTTP/1.1 200 OK\r\n\r\nabc");
  EXPECT_FALSE(read.reader.is_done());
  EXPECT_TRUE(read.reader.take_end());
  EXPECT_TRUE(read.reader.is_done());
  EXPECT_EQ(read.body, "abc");
}

TEST(HttpResponseReader, NoBodyWhereThereIsNone) {
  EXPECT_TRUE(Read("HTTP/1.1 204 No Content\r\n\r\n").reader.is_done());
  EXPECT_TRUE(Read("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n").reader.is_done());
}

TEST(HttpResponseReader, WhatFollowsTheEndIsIgnored) {
  Read read("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabHTTP/1.1 500 No\r\n\r\n", 1000);
  EXPECT_TRUE(read.outcome);
  EXPECT_EQ(read.reader.status(), 200);
  EXPECT_EQ(read.body, "ab");
}

TEST(HttpResponseReader, AnEndTooEarlyIsUnavailable) {
  for (const std::string& answer : {std::string(), std::string("HTTP/1.1 2"), std::string(kChunked),
                                    std::string(kChunked) + "5\r\nab",
                                    std::string("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na")}) {
    auto ended = Read(answer).reader.take_end();
    ASSERT_FALSE(ended) << answer;
    EXPECT_EQ(ended.error().code, ErrorCode::kUnavailable) << answer;
  }
}

TEST(HttpResponseReader, RefusesWhatIsNoAnswer) {
  for (const std::string& answer :
       {std::string("HTTP/1.1 100 Continue\r\n\r\n"), std::string("HTTP/2 200 OK\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"),
        std::string(kChunked) + "fffffffffffffffff\r\n", std::string(kChunked) + "x\r\n"}) {
    Read read(answer);
    ASSERT_FALSE(read.outcome) << answer;
    EXPECT_EQ(read.outcome.error().code, ErrorCode::kInvalid) << answer;
    EXPECT_EQ(read.outcome.error().message, "the reply is not HTTP") << answer;
  }
}

TEST(HttpResponseReader, WhatIsOnlyReadAsAWholeHasALimit) {
  std::string endless(HttpResponseReader::kLongestHead + 1, 'x');
  for (const std::string& answer :
       {"HTTP/1.1 200 OK\r\nX: " + endless, std::string(kChunked) + "3;" + endless,
        std::string(kChunked) + "0\r\nX: " + endless}) {
    Read read(answer, 4096);
    ASSERT_FALSE(read.outcome);
    EXPECT_EQ(read.outcome.error().message, "the reply is too large");
  }
}

TEST(HttpResponseReader, WhoGetsTheBodyMayEndIt) {
  HttpResponseReader reader(
      [](std::string_view) { return Result<void>(fail(ErrorCode::kInvalid, "enough")); });
  auto taken = reader.take("HTTP/1.1 200 OK\r\n\r\nabc");
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().message, "enough");
}

TEST(UrlEncode, LeavesOnlyUnreservedCharacters) {
  EXPECT_EQ(url_encode("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(url_encode("a/b:c?d=e&f#\xc3\xa4 %"), "a%2Fb%3Ac%3Fd%3De%26f%23%C3%A4%20%25");
}

}  // namespace
}  // namespace labgpu
