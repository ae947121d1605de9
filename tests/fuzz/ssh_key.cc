// Fuzzes a line for authorized_keys(5): what is accepted is one line, and stays the same key.
#include "helper/ssh_key.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "tests/fuzz/target.h"

namespace {

// Between its words any number of them is one space.
std::string without_blanks(std::string_view text) {
  std::string rest(text);
  std::erase_if(rest, [](char c) { return c == ' ' || c == '\t'; });
  return rest;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using labgpu::test::promise;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto key = labgpu::parse_ssh_key(text);
  if (!key) {
    promise(!key.error().message.empty(), "a refusal says why");
    return 0;
  }
  promise(std::none_of(key->line.begin(), key->line.end(),
                       [](char c) { return c == '\n' || c == '\r' || c == '\0'; }),
          "a key is one line");
  promise(without_blanks(text).find(without_blanks(key->line)) != std::string::npos,
          "the line is what was given, but for blanks");
  promise(key->line.find(key->type) != std::string::npos, "the line has the type");
  promise(key->line.ends_with(key->comment), "the comment is the line's end");
  promise(key->fingerprint.size() == 50 && key->fingerprint.starts_with("SHA256:"),
          "the fingerprint is as ssh-keygen -l prints it");
  auto again = labgpu::parse_ssh_key(key->line);
  promise(again && again->line == key->line && again->fingerprint == key->fingerprint,
          "the line is the same key again");
  return 0;
}
