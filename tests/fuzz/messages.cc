// Fuzzes every packet: what is accepted is written as the same bytes again, and what the session
// command shows of one drives no terminal. The input is a type, two bytes, and the fields.
#include "common/messages.h"

#include <algorithm>
#include <string_view>

#include "session/progress_line.h"
#include "tests/fuzz/target.h"

namespace labgpu {
namespace {

using test::promise;

bool is_text(std::string_view text) { return text.find('\0') == std::string_view::npos; }

template <typename Message>
void look_at(const Message& message) {
  promise(message.fd_count() <= kMaxFds, "a message has no more descriptors than a packet");
}

void look_at(const Start& start) {
  promise(start.fd_count() <= kMaxFds, "a message has no more descriptors than a packet");
  TextList environment = start.environment;
  uint32_t count = 0;
  for (std::string_view one; environment.next(one); ++count) {
    promise(is_text(one), "a variable is a text");
  }
  promise(count == start.environment.size(), "there are as many variables as it says");
}

void look_at(const Progress& progress) {
  for (size_t columns : {size_t{0}, size_t{1}, size_t{40}, size_t{80}, size_t{5000}}) {
    LineBuffer line;
    format_progress(progress, columns, line);
    promise(line.ok(), "the line fits its buffer");
    promise(line.view().size() < std::max(columns, size_t{1}), "the line fits the terminal");
    promise(std::all_of(line.view().begin(), line.view().end(),
                        [](char c) { return c >= ' ' && c < 0x7f; }),
            "the line is printable");
  }
}

template <typename Message>
void try_as(MessageType type, Bytes fields) {
  if (type != Message::kType) return;
  Message message;
  FieldReader reader(fields);
  if (!Message::visit(message, reader) || !reader.finished()) return;
  look_at(message);
  static unsigned char buffer[kMaxPacket];
  FieldWriter writer(buffer);
  promise(Message::visit(message, writer) && writer.ok(), "what was read can be written");
  promise(
      std::equal(fields.begin(), fields.end(), writer.written().begin(), writer.written().end()),
      "what is written is what was read");
}

template <typename... Messages>
void try_all(MessageType type, Bytes fields) {
  (try_as<Messages>(type, fields), ...);
}

}  // namespace
}  // namespace labgpu

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace labgpu;
  if (size < 2 || size > kMaxPacket) return 0;
  auto type = static_cast<MessageType>(data[0] | (data[1] << 8));
  try_all<Hello, Failure, CheckAccount, AccountVerdict, OpenSession, SessionOpened, CheckPassword,
          PasswordAccepted, ChangePassword, Attach, Progress, Notice, Attached, Manage, Managed,
          Greet, Greeting, Identity, Start, Started, Exited, Signal>(type,
                                                                     Bytes(data + 2, size - 2));
  return 0;
}
