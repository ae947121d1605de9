// Fuzzes a greeting: an administrator's text, and behind a NUL byte the values that fill it in, a
// line each. What is accepted is fit for a terminal whatever the values are.
#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>

#include "helper/greeting_template.h"
#include "helper/text_list.h"
#include "tests/fuzz/target.h"

namespace {

using labgpu::Placeholder;
using labgpu::test::promise;

constexpr Placeholder kAll[] = {
    Placeholder::kUser,      Placeholder::kHostname, Placeholder::kHost,
    Placeholder::kContainer, Placeholder::kImage,    Placeholder::kStateSince,
    Placeholder::kSessions,  Placeholder::kGpus,     Placeholder::kMemory,
    Placeholder::kCpus,      Placeholder::kDisks,    Placeholder::kPorts,
    Placeholder::kRebuild,
};

constexpr char kEscape = '\033';

// Each line is the value of one of them, in turn.
labgpu::GreetingValues values_of(std::string_view text) {
  labgpu::GreetingValues values;
  size_t turn = 0;
  for (std::string_view one : labgpu::split(text, '\n')) {
    values[kAll[turn++ % std::size(kAll)]].emplace_back(one);
  }
  return values;
}

bool is_shown(char c) {
  auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 ? byte != 0x7f : c == '\n' || c == '\t' || c == kEscape;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string_view text = input.substr(0, input.find('\0'));
  auto parsed = labgpu::GreetingTemplate::parse(text);
  if (!parsed) {
    promise(!parsed.error().message.empty(), "a refusal says why");
    return 0;
  }
  const std::string_view values = input.substr(std::min(text.size() + 1, input.size()));
  const std::string shown = parsed->render(values_of(values));
  promise(std::all_of(shown.begin(), shown.end(), is_shown), "a terminal may show it");
  promise(std::count(shown.begin(), shown.end(), kEscape) <=
              std::count(text.begin(), text.end(), kEscape),
          "no value brings an ESC");
  promise(shown.empty() || shown.back() == '\n', "its lines are whole");
  const std::string ascii = labgpu::to_ascii(shown);
  promise(std::all_of(ascii.begin(), ascii.end(), [](char c) { return (c & 0x80) == 0; }),
          "there is one in ASCII");
  return 0;
}
