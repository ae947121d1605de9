// Reading a table character by character, and writing one.
#include "cli/csv.h"

#include <utility>

namespace labgpu {

namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {
    if (text_.starts_with(kByteOrderMark)) text_.remove_prefix(kByteOrderMark.size());
  }

  Result<std::vector<CsvRow>> run() {
    while (!text_.empty()) {
      row_ = CsvRow{line_, {}};
      if (auto read = read_row(); !read) return Failed(read.error());
      bool is_empty = row_.cells.size() == 1 && row_.cells.front().empty();
      if (!is_empty) rows_.push_back(std::move(row_));
    }
    return std::move(rows_);
  }

 private:
  Result<void> read_row() {
    for (;;) {
      auto cell = text_.starts_with('"') ? read_quoted() : read_plain();
      if (!cell) return Failed(cell.error());
      row_.cells.push_back(std::move(*cell));
      if (text_.starts_with(',')) {
        text_.remove_prefix(1);
        continue;
      }
      if (take_end_of_line()) return {};
      return wrong("has text behind a closing quotation mark");
    }
  }

  Result<std::string> read_plain() {
    auto end = text_.find_first_of(",\r\n");
    std::string cell(text_.substr(0, end));
    text_.remove_prefix(cell.size());
    if (cell.find('"') == std::string::npos) return cell;
    return wrong("has a quotation mark inside a cell that does not begin with one");
  }

  Result<std::string> read_quoted() {
    std::string cell;
    text_.remove_prefix(1);
    for (;;) {
      auto end = text_.find('"');
      if (end == std::string_view::npos) return wrong("has a quotation mark that is never closed");
      for (char c : text_.substr(0, end)) line_ += c == '\n' ? 1 : 0;
      cell += text_.substr(0, end);
      text_.remove_prefix(end + 1);
      if (!text_.starts_with('"')) return cell;
      cell += '"';
      text_.remove_prefix(1);
    }
  }

  bool take_end_of_line() {
    if (text_.empty()) return true;
    size_t size = text_.starts_with("\r\n") ? 2 : 1;
    if (text_.front() != '\r' && text_.front() != '\n') return false;
    text_.remove_prefix(size);
    ++line_;
    return true;
  }

  [[nodiscard]] Failed wrong(const std::string& what) const {
    return fail("line " + std::to_string(row_.line) + " " + what);
  }

  std::string_view text_;
  size_t line_ = 1;
  CsvRow row_;
  std::vector<CsvRow> rows_;
};

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace

Result<std::vector<CsvRow>> parse_csv(std::string_view text) { return Parser(text).run(); }

std::string csv_row(const std::vector<std::string>& cells) {
  std::string row;
  for (size_t i = 0; i < cells.size(); ++i) row += (i == 0 ? "" : ",") + csv_cell(cells[i]);
  return row + "\n";
}

}  // namespace labgpu
