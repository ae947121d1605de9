// Aligned columns for people.
#include "cli/table.h"

#include <locale.h>
#include <wchar.h>

#include <algorithm>
#include <functional>

namespace labgpu {

namespace {

// Names are UTF-8 whatever locale the administrator's shell has. glibc has C.UTF-8 built in or
// Debian's libc-bin brings it.
class Utf8Locale {
 public:
  Utf8Locale()
      : locale_(newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)),
        before_(locale_ != nullptr ? uselocale(locale_) : nullptr) {}
  ~Utf8Locale() {
    if (locale_ == nullptr) return;
    uselocale(before_);
    freelocale(locale_);
  }
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;

 private:
  locale_t locale_;
  locale_t before_;
};

// Calls `each` with the bytes of every character and its width; -1 for what must not be shown.
void for_each_character(std::string_view text,
                        const std::function<void(std::string_view, int)>& each) {
  Utf8Locale utf8;
  mbstate_t state{};
  while (!text.empty()) {
    wchar_t character = 0;
    size_t length = mbrtowc(&character, text.data(), text.size(), &state);
    if (length > text.size()) {  // invalid or cut short
      state = {};
      each(text.substr(0, 1), -1);
      text.remove_prefix(1);
      continue;
    }
    length = std::max(length, size_t{1});  // mbrtowc says 0 for a NUL byte
    each(text.substr(0, length), character == 0 ? -1 : wcwidth(character));
    text.remove_prefix(length);
  }
}

}  // namespace

std::string printable(std::string_view text) {
  std::string shown;
  for_each_character(text, [&](std::string_view bytes, int width) {
    if (width < 0) {
      shown.push_back('?');
    } else {
      shown.append(bytes);
    }
  });
  return shown;
}

size_t display_width(std::string_view text) {
  size_t sum = 0;
  for_each_character(text, [&](std::string_view, int width) {
    sum += width < 0 ? 1 : static_cast<size_t>(width);
  });
  return sum;
}

void Table::add(std::vector<std::string> row) {
  for (auto& cell : row) cell = cell.empty() ? "-" : printable(cell);
  rows_.push_back(std::move(row));
}

std::string Table::render() const {
  std::vector<size_t> widths;
  for (const auto& row : rows_) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], display_width(row[i]));
  }
  std::string text;
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) {
      text += row[i];
      if (i + 1 < row.size()) text.append(widths[i] - display_width(row[i]) + 2, ' ');
    }
    text += '\n';
  }
  return text;
}

}  // namespace labgpu
