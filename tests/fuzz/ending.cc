// Fuzzes what is remembered of a container's end: whatever is in it, there is one sentence to tell,
// or none, and what is written again is the same.
#include <algorithm>
#include <string>

#include "helper/container_ending.h"
#include "helper/json_fields.h"
#include "tests/fuzz/target.h"

namespace {

bool is_line(const std::string& text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using labgpu::test::promise;
  auto document = labgpu::parse_json(std::string(reinterpret_cast<const char*>(data), size), false);
  if (!document) {
    promise(!document.error().message.empty(), "a refusal says why");
    return 0;
  }
  if (!document->is_object()) return 0;
  auto ending = labgpu::ending_from_json(*document);
  if (!ending) return 0;
  promise(!labgpu::reason_of(*ending).empty() && is_line(labgpu::reason_of(*ending)),
          "an end has a reason, which is one line");
  promise(is_line(labgpu::notice_of(*ending)), "what is told is one line");
  auto written = labgpu::to_json(*ending);
  auto again = labgpu::ending_from_json(written);
  promise(again.has_value(), "what is written can be read");
  promise(labgpu::to_json(*again) == written, "what is read is what was written");
  return 0;
}
