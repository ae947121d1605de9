// Tables as spreadsheets write them: RFC 4180, UTF-8, with or without a byte order mark, lines that
// end with LF or CRLF.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "cli/result.h"

namespace labgpu {

struct CsvRow {
  size_t line = 0;  // where it begins, from 1
  std::vector<std::string> cells;
};

// All rows but empty ones. An error names the line.
Result<std::vector<CsvRow>> parse_csv(std::string_view text);

// One row with its end of line; cells are quoted where they have to be.
std::string csv_row(const std::vector<std::string>& cells);

}  // namespace labgpu
