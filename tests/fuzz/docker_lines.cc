// Fuzzes Docker's streams, of events, of a pull and of a build: bytes in pieces become lines, lines
// of a pull become numbers that go together, and those of a build text that does not depend on the
// pieces.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "helper/build_output.h"
#include "helper/docker_types.h"
#include "helper/line_splitter.h"
#include "helper/pull_progress.h"
#include "tests/fuzz/target.h"

namespace {

using labgpu::test::promise;

std::vector<std::string> lines_of(std::string_view text, size_t piece) {
  labgpu::LineSplitter splitter;
  std::vector<std::string> lines;
  while (!text.empty()) {
    promise(splitter.feed(text.substr(0, piece),
                          [&](std::string_view line) { lines.emplace_back(line); }),
            "no line is too long");
    text.remove_prefix(std::min(piece, text.size()));
  }
  return lines;
}

// What a build's user sees, and how it ended.
std::string build_of(std::string_view text, size_t piece) {
  std::string shown;
  labgpu::BuildOutput output([&shown](std::string_view one) { shown += one; });
  auto stream = output.stream();
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) {
    if (!stream.on_data(text.substr(0, piece))) break;
  }
  if (output.told()) return shown;
  promise(!output.told().error().message.empty(), "a build's failure says why");
  return shown + output.told().error().message;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > labgpu::LineSplitter::kMaxLine) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto lines = lines_of(text, text.size() + 1);
  promise(lines == lines_of(text, 7), "lines do not depend on the pieces");
  promise(build_of(text, text.size() + 1) == build_of(text, 7),
          "a build does not depend on the pieces");
  labgpu::PullProgress progress;
  for (const auto& line : lines) {
    if (auto event = labgpu::parse_container_event(line)) {
      promise(!event->id.empty(), "an event is about a container");
    }
    if (auto taken = progress.take_line(line); !taken) {
      promise(!taken.error().message.empty(), "a failure says why");
    }
    auto state = progress.state();
    promise(state.layers_done <= state.layers, "no more layers are done than there are");
    promise(state.bytes == 0 || state.bytes_done <= state.bytes, "nor more bytes");
  }
  return 0;
}
