// UTF-8 text on a terminal.
#include "common/utf8_text.h"

#include <wchar.h>

namespace labgpu {

namespace {

// Unicode Standard Annex 9, "Directional Formatting Characters".
bool turns_direction(wchar_t character) {
  return character == 0x061c || character == 0x200e || character == 0x200f ||
         (character >= 0x202a && character <= 0x202e) ||
         (character >= 0x2066 && character <= 0x2069);
}

}  // namespace

Utf8Locale::Utf8Locale()
    : locale_(newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)),
      before_(locale_ != nullptr ? uselocale(locale_) : nullptr) {}

Utf8Locale::~Utf8Locale() {
  if (locale_ == nullptr) return;
  uselocale(before_);
  freelocale(locale_);
}

Utf8Character take_character(std::string_view& text) {
  mbstate_t state{};
  wchar_t character = 0;
  size_t length = mbrtowc(&character, text.data(), text.size(), &state);
  Utf8Character taken;
  taken.valid = length <= text.size();          // else invalid or cut short
  if (length == 0 || !taken.valid) length = 1;  // mbrtowc says 0 for a NUL byte
  if (taken.valid && character != 0 && !turns_direction(character))
    taken.width = wcwidth(character);
  taken.bytes = std::string_view(text.data(), length);
  text.remove_prefix(length);
  return taken;
}

size_t display_width(std::string_view text) {
  Utf8Locale utf8;
  size_t sum = 0;
  while (!text.empty()) {
    int width = take_character(text).width;
    sum += width < 0 ? 1 : static_cast<size_t>(width);
  }
  return sum;
}

}  // namespace labgpu
