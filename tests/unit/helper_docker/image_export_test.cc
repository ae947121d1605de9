// An image on its way into a file: whole, refused, and from a Docker that sends next to nothing.
#include "helper/image_export.h"

#include <gtest/gtest.h>
#include <stdio.h>
#include <unistd.h>

#include <memory>

#include "tests/unit/helper_docker/fake_server.h"

namespace labgpu {
namespace {

using namespace std::chrono_literals;
using testing_support::FakeConnection;
using testing_support::FakeRequest;
using testing_support::FakeServer;
using testing_support::http_reply;

constexpr char kHead[] = "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n";

Result<void> save(FakeServer::Handler handler, ExportLimits limits) {
  FakeServer server(std::move(handler));
  std::unique_ptr<FILE, int (*)(FILE*)> file(tmpfile(), &fclose);
  ExportWork work;
  return save_image(server.socket_path(), "/v1.41/images/a/get", fileno(file.get()), work, limits);
}

TEST(ImageExport, AWholeOneIsWritten) {
  EXPECT_TRUE(
      save([](const FakeRequest&, const FakeConnection& c) { c.send(http_reply(200, "image")); },
           {})
          .has_value());
}

TEST(ImageExport, ARefusalSaysWhyAlsoWithoutWords) {
  for (const auto& [body, why] : {std::pair(R"({"message":"no such image"})", "no such image"),
                                  std::pair("", "HTTP status 404")}) {
    auto saved = save([body = body](const FakeRequest&,
                                    const FakeConnection& c) { c.send(http_reply(404, body)); },
                      {});
    ASSERT_FALSE(saved.has_value());
    EXPECT_EQ(saved.error().message, why);
  }
}

TEST(ImageExport, AReplyThatBreaksOffIsNoImage) {
  auto saved = save([](const FakeRequest&, const FakeConnection& c) { c.send(kHead); }, {});
  ASSERT_FALSE(saved.has_value());
  EXPECT_EQ(saved.error().code, ErrorCode::kUnavailable);
}

TEST(ImageExport, SilenceBeforeTheFirstByteEnds) {
  auto saved = save([](const FakeRequest&, const FakeConnection& c) { c.wait_hangup(); },
                    {.first = 1s, .pause = 3600s});
  ASSERT_FALSE(saved.has_value());
  EXPECT_EQ(saved.error().code, ErrorCode::kTimeout);
}

TEST(ImageExport, ATrickleEnds) {
  auto saved = save(
      [](const FakeRequest&, const FakeConnection& c) {
        c.send(kHead);
        for (int i = 0; i < 200 && !c.is_hung_up(); ++i) {
          c.send("x");
          usleep(50000);
        }
      },
      {.first = 3600s, .pause = 1s, .least = 1000});
  ASSERT_FALSE(saved.has_value());
  EXPECT_EQ(saved.error().code, ErrorCode::kTimeout);
}

}  // namespace
}  // namespace labgpu
