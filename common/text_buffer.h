// Texts put together in a fixed buffer, for code that must not allocate.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <string_view>

namespace labgpu {

// At most Capacity bytes, always NUL-terminated. What does not fit is left out whole, and ok() is
// false from then on.
template <size_t Capacity>
class TextBuffer {
 public:
  TextBuffer& add(std::string_view text) {
    if (!ok_ || text.size() > Capacity - used_) {
      ok_ = false;
      return *this;
    }
    if (!text.empty()) memcpy(text_ + used_, text.data(), text.size());
    used_ += text.size();
    text_[used_] = '\0';
    return *this;
  }
  TextBuffer& add(uint64_t number) {
    char digits[20];
    size_t first = sizeof digits;
    do {
      digits[--first] = static_cast<char>('0' + number % 10);
      number /= 10;
    } while (number > 0);
    return add(std::string_view(digits + first, sizeof digits - first));
  }
  void clear() {
    used_ = 0;
    text_[0] = '\0';
    ok_ = true;
  }

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] std::string_view view() const { return {text_, used_}; }
  [[nodiscard]] const char* c_str() const { return text_; }

 private:
  char text_[Capacity + 1] = {};
  size_t used_ = 0;
  bool ok_ = true;
};

}  // namespace labgpu
