// common/messages.h: each message crosses the wire whole, and no damaged form of it is taken.
#include "common/messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <concepts>
#include <string>
#include <vector>

namespace labgpu {
namespace {

using testing::ElementsAre;
using Encoded = std::vector<unsigned char>;

template <typename Message>
Encoded encode(const Message& message) {
  std::array<unsigned char, kSmallPacket> buffer{};
  FieldWriter writer(buffer);
  EXPECT_TRUE(Message::visit(message, writer));
  return {writer.written().begin(), writer.written().end()};
}

template <typename Message>
bool decode(Bytes fields, Message& out) {
  FieldReader reader(fields);
  return Message::visit(out, reader) && reader.finished();
}

const std::array<unsigned char, 3> kModes{0, 1, 255};
const std::array<unsigned char, 2> kTyped{'x', 4};

TextList environment() {
  static std::array<unsigned char, 64> buffer;
  TextListBuilder builder(buffer);
  EXPECT_TRUE(builder.add("LANG=C.UTF-8") && builder.add("EMPTY="));
  return builder.list();
}

Start terminal_start() {
  return {.terminal = 1,
          .login_shell = 1,
          .command = "",
          .environment = environment(),
          .rows = 24,
          .columns = 80,
          .width_pixels = 640,
          .height_pixels = 480,
          .modes = kModes,
          .typed = kTyped,
          .echoed = 0,
          .umask = 027};
}

Start command_start() {
  return {.command = "echo 'grüße'", .environment = environment(), .modes = {}, .typed = {}};
}

constexpr HostAccount kHostAccount{.origin = 1,
                                   .uid = 5001,
                                   .gid = 100,
                                   .group = "users",
                                   .home = "/home/alice",
                                   .real_name = "Alice"};

// Calls `check(message)` for a sample of every message.
template <typename Check>
void for_every_message(Check check) {
  check(Hello{.version = 513});
  check(Failure{.code = 4, .sentence = "Docker does not answer"});
  check(CheckAccount{.user = "alice", .remote_host = "192.0.2.1"});
  check(CheckAccount{.user = "alice", .remote_host = "192.0.2.1", .host = kHostAccount});
  check(AccountVerdict{.allowed = 1, .change_password = 1, .sentence = ""});
  check(AccountVerdict{.allowed = 0, .sentence = "the account is locked"});
  check(OpenSession{.user = "alice", .remote_host = "", .host = kHostAccount, .wait_ms = 5000});
  check(SessionOpened{.ready = 1, .session = 1234567890123});
  check(SessionOpened{.ready = 0, .session = 1});
  check(CheckPassword{.user = "alice", .by_root = 0, .old_password = "geheim"});
  check(PasswordAccepted{});
  check(ChangePassword{
      .user = "alice", .by_root = 1, .old_password = "", .new_password = "密码 with spaces"});
  check(Attach{.wants_progress = 1});
  check(Progress{.phase = 1,
                 .image = "lab/cuda:12",
                 .layers_done = 7,
                 .layers = 12,
                 .bytes_done = 1200000000,
                 .bytes = 34000000000,
                 .elapsed_ms = 42000});
  check(Attached{});
  check(Notice{.sentence = "your container was killed"});
  check(Identity{.user = "alice",
                 .uid = 20001,
                 .gid = 100,
                 .group = "users",
                 .home = "/home/alice",
                 .login_as_root = 1});
  check(terminal_start());
  check(command_start());
  check(Started{.terminal = 1});
  check(Exited{.by_signal = 1, .value = 9});
  check(Signal{.number = 15});
}

TEST(Messages, CrossTheWireWhole) {
  for_every_message([]<typename Message>(const Message& message) {
    Encoded encoded = encode(message);
    Message decoded{};
    ASSERT_TRUE(decode(encoded, decoded)) << static_cast<int>(Message::kType);
    EXPECT_EQ(encode(decoded), encoded) << static_cast<int>(Message::kType);
    EXPECT_EQ(decoded.fd_count(), message.fd_count());
  });
}

TEST(Messages, AreRefusedWhenCutShort) {
  for_every_message([]<typename Message>(const Message& message) {
    Encoded encoded = encode(message);
    for (size_t size = 0; size < encoded.size(); ++size) {
      Message decoded{};
      EXPECT_FALSE(decode(Bytes(encoded).first(size), decoded))
          << static_cast<int>(Message::kType) << " cut to " << size;
    }
  });
}

TEST(Messages, AreRefusedWithSomethingBehind) {
  for_every_message([]<typename Message>(const Message& message) {
    Encoded encoded = encode(message);
    encoded.push_back(0);
    Message decoded{};
    EXPECT_FALSE(decode(encoded, decoded)) << static_cast<int>(Message::kType);
  });
}

TEST(Messages, SurviveEveryFlippedByte) {
  for_every_message([]<typename Message>(const Message& message) {
    const Encoded encoded = encode(message);
    for (size_t i = 0; i < encoded.size(); ++i) {
      Encoded damaged = encoded;
      damaged[i] ^= 0xff;
      Message decoded{};
      if (decode(damaged, decoded)) {
        EXPECT_EQ(encode(decoded), damaged) << "what is accepted means exactly what came";
      }
    }
  });
}

TEST(Messages, HaveTheNumbersOfTheProtocol) {
  std::vector<int> numbers;
  for_every_message([&]<typename Message>(const Message&) {
    int number = static_cast<int>(Message::kType);
    if (numbers.empty() || numbers.back() != number) numbers.push_back(number);
  });
  EXPECT_THAT(numbers,
              ElementsAre(1, 2, 10, 11, 12, 13, 14, 15, 16, 20, 21, 22, 30, 40, 41, 42, 43, 44));
}

TEST(Messages, CarryTheDescriptorsOfTheProtocol) {
  EXPECT_EQ((SessionOpened{.ready = 1}).fd_count(), 3U);
  EXPECT_EQ((SessionOpened{.ready = 0}).fd_count(), 0U);
  EXPECT_EQ(Attached{}.fd_count(), 1U);
  EXPECT_EQ(command_start().fd_count(), 3U);
  EXPECT_EQ(terminal_start().fd_count(), 0U);
  EXPECT_EQ((Started{.terminal = 1}).fd_count(), 1U);
  EXPECT_EQ((Started{.terminal = 0}).fd_count(), 0U);
}

TEST(Messages, KeepEachFieldInItsPlace) {
  Encoded encoded = encode(terminal_start());
  Start start;
  ASSERT_TRUE(decode(encoded, start));
  EXPECT_EQ(start.terminal, 1);
  EXPECT_EQ(start.login_shell, 1);
  EXPECT_EQ(start.rows, 24);
  EXPECT_EQ(start.columns, 80);
  EXPECT_EQ(start.width_pixels, 640);
  EXPECT_EQ(start.height_pixels, 480);
  EXPECT_THAT(start.modes, ElementsAre(0, 1, 255));
  EXPECT_THAT(start.typed, ElementsAre('x', 4));
  std::string_view text;
  ASSERT_TRUE(start.environment.next(text));
  EXPECT_EQ(text, "LANG=C.UTF-8");
  EXPECT_THAT(encode(Hello{}), ElementsAre(1, 0));
  EXPECT_THAT(encode(Exited{.by_signal = 1, .value = 9}), ElementsAre(1, 9));
}

}  // namespace
}  // namespace labgpu
