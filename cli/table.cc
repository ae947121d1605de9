// Aligned columns for people.
#include "cli/table.h"

#include <algorithm>

#include "common/utf8_text.h"

namespace labgpu {

std::string printable(std::string_view text) {
  Utf8Locale utf8;
  std::string shown;
  while (!text.empty()) {
    auto character = take_character(text);
    if (character.width < 0) {
      shown.push_back('?');
    } else {
      shown.append(character.bytes);
    }
  }
  return shown;
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
