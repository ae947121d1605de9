// Fuzzes an answer of Docker's, as HTTP: what is read of it does not depend on the pieces it comes
// in.
#include <algorithm>
#include <string>
#include <string_view>

#include "helper/http_message.h"
#include "tests/fuzz/target.h"

namespace {

using labgpu::test::promise;

struct Read {
  Read(std::string_view answer, size_t piece) {
    for (; outcome && !answer.empty(); answer.remove_prefix(std::min(piece, answer.size()))) {
      outcome = reader.take(answer.substr(0, piece));
    }
    if (outcome) outcome = reader.take_end();
  }

  std::string body;
  labgpu::HttpResponseReader reader{[this](std::string_view piece) {
    promise(reader.has_head() && reader.status() >= 200, "the status is known before the body");
    body += piece;
    return labgpu::Result<void>();
  }};
  labgpu::Result<void> outcome;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view answer(reinterpret_cast<const char*>(data), size);
  Read whole(answer, answer.size() + 1);
  for (size_t piece : {1, 7}) {
    Read read(answer, piece);
    promise(read.outcome.has_value() == whole.outcome.has_value(),
            "an answer is right in any pieces");
    if (!whole.outcome) continue;  // how much of a wrong one was read before is a matter of pieces
    promise(read.reader.status() == whole.reader.status(), "and has one status");
    promise(read.body == whole.body, "and one body");
  }
  promise(whole.body.size() <= answer.size(), "a body is a part of the answer");
  promise(whole.outcome || !whole.outcome.error().message.empty(), "a failure says why");
  promise(!whole.outcome || whole.reader.is_done(), "a success is whole");
  return 0;
}
