// UTF-8 text on a terminal, whatever locale the process has: what may be shown, and how wide it is.
#pragma once

#include <locale.h>
#include <stddef.h>

#include <string_view>

namespace labgpu {

// While one lives, the thread's mbrtowc(3) and wcwidth(3) are UTF-8's. glibc has C.UTF-8 built in
// or Debian's libc-bin brings it.
class Utf8Locale {
 public:
  Utf8Locale();
  ~Utf8Locale();
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;

 private:
  locale_t locale_;
  locale_t before_;
};

struct Utf8Character {
  std::string_view bytes;
  bool valid = false;  // false: one byte that begins no character
  int width = -1;      // columns; -1: it is not to be shown
};

// Takes the first character off `text`, which is not empty. Not to be shown are what is invalid,
// control characters, and those that turn the direction of the text around them, with which a name
// can look like another one. A Utf8Locale has to live.
[[nodiscard]] Utf8Character take_character(std::string_view& text);

// Columns of the whole text: 2 for a Chinese character, 0 for a combining accent. What is not to be
// shown counts one, for the '?' in its place.
[[nodiscard]] size_t display_width(std::string_view text);

}  // namespace labgpu
