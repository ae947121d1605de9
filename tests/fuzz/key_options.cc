// Fuzzes the options of a key: what is refused says why, and what is accepted is one word, whose
// quotes sshd finds closed.
#include <string>
#include <string_view>

#include "helper/ssh_key_options.h"
#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using labgpu::test::promise;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto checked = labgpu::check_ssh_key_options(text);
  if (!checked) {
    promise(!checked.error().message.empty(), "a refusal says why");
    return 0;
  }
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    promise(quoted || (text[i] != ' ' && text[i] != '\t'), "options are one word");
    if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == '"') {
      ++i;
    } else if (text[i] == '"') {
      quoted = !quoted;
    }
  }
  promise(!quoted, "every quote is closed");
  promise(labgpu::check_ssh_key_options("no-pty," + std::string(text)).has_value() ||
              text.find("no-pty") != std::string_view::npos,
          "options are options with another one before them");
  return 0;
}
