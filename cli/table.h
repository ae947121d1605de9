// Aligned columns for people, right for names of any script.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace labgpu {

// The text made fit for a terminal: what is not to be shown (common/utf8_text.h) becomes '?'.
std::string printable(std::string_view text);

// Columns as wide as their widest cell, two spaces between, nothing after the last one.
class Table {
 public:
  explicit Table(std::vector<std::string> headings) : rows_{std::move(headings)} {}
  // A table without headings, of names and values.
  Table() = default;

  // An empty cell is shown as "-". Cells need not be printable.
  void add(std::vector<std::string> row);
  [[nodiscard]] std::string render() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace labgpu
