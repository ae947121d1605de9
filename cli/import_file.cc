// Rows and array elements into NewUser objects, and back.
#include "cli/import_file.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "cli/csv.h"
#include "common/parse.h"

namespace labgpu {

namespace {

using nlohmann::json;

enum class Form { kText, kNumber, kYesNo, kLines, kJson };

struct Column {
  const char* name;
  Form form;
};

// NewUser's fields, in the order in which an export has them.
constexpr Column kColumns[] = {{"name", Form::kText},
                               {"realName", Form::kText},
                               {"uid", Form::kNumber},
                               {"locked", Form::kYesNo},
                               {"notBefore", Form::kText},
                               {"notAfter", Form::kText},
                               {"notBeforeUSec", Form::kNumber},
                               {"notAfterUSec", Form::kNumber},
                               {"authorizedKeys", Form::kLines},
                               {"profile", Form::kText},
                               {"settings", Form::kJson},
                               {"password", Form::kText},
                               {"hashedPassword", Form::kText},
                               {"passwordChangeNow", Form::kYesNo}};

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    auto end = std::min(text.find('\n'), text.size());
    auto line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) lines.emplace_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// A cell that has not the form of its column is passed on as text, which the helper refuses by
// name.
json value_of(Form form, const std::string& cell) {
  uint64_t number = 0;
  if (form == Form::kNumber && parse_u64(cell, number)) return number;
  if (form == Form::kYesNo && (cell == "yes" || cell == "no")) return cell == "yes";
  if (form == Form::kLines) return lines_of(cell);
  if (form == Form::kJson) {
    auto value = json::parse(cell, nullptr, false);
    if (value.is_object()) return value;
  }
  return cell;
}

json user_of(const std::vector<std::string>& headings, const CsvRow& row) {
  json user = json::object();
  json assignments = json::array();
  for (size_t i = 0; i < row.cells.size(); ++i) {
    if (row.cells[i].empty()) continue;
    const auto* column =
        std::find_if(std::begin(kColumns), std::end(kColumns),
                     [&](const Column& known) { return known.name == headings[i]; });
    if (column != std::end(kColumns)) {
      user[column->name] = value_of(column->form, row.cells[i]);
    } else {
      assignments.push_back(headings[i] + "=" + row.cells[i]);
    }
  }
  if (!assignments.empty()) user["assignments"] = std::move(assignments);
  return user;
}

Result<std::vector<ImportEntry>> parse_table(const std::string& text) {
  auto rows = parse_csv(text);
  if (!rows) return Failed(rows.error());
  if (rows->empty()) return fail("the file is empty; its first line must name the columns");
  const auto& headings = rows->front().cells;
  if (std::find(headings.begin(), headings.end(), "name") == headings.end()) {
    return fail("line " + std::to_string(rows->front().line) +
                " must name the columns, and name must be one of them");
  }
  std::vector<ImportEntry> entries;
  for (const auto& row : *rows) {
    if (&row == &rows->front()) continue;
    auto place = "line " + std::to_string(row.line);
    if (row.cells.size() != headings.size()) {
      return fail(place + " has " + std::to_string(row.cells.size()) + " cells, but there are " +
                  std::to_string(headings.size()) + " columns");
    }
    entries.push_back({place, user_of(headings, row)});
  }
  return entries;
}

Result<std::vector<ImportEntry>> parse_array(const std::string& text) {
  json users;
  try {
    users = json::parse(text);
  } catch (const json::parse_error& error) {
    auto end = text.begin() + static_cast<ptrdiff_t>(std::min(error.byte, text.size()));
    return fail("line " + std::to_string(1 + std::count(text.begin(), end, '\n')) + " is not JSON");
  } catch (const json::out_of_range&) {
    return fail("it has a number that is larger than any number can be here");
  }
  if (!users.is_array()) return fail("the file must be an array of users, as an export has them");
  std::vector<ImportEntry> entries;
  for (auto& user : users) {
    auto place = "entry " + std::to_string(entries.size() + 1);
    if (!user.is_object()) return fail(place + " is not an object");
    entries.push_back({place, std::move(user)});
  }
  return entries;
}

std::string cell_of(Form form, const json& value) {
  if (value.is_null()) return "";
  if (form == Form::kText) return value.get<std::string>();
  if (form == Form::kNumber) return std::to_string(value.get<uint64_t>());
  if (form == Form::kYesNo) return value.get<bool>() ? "yes" : "no";
  if (form == Form::kJson) return value.empty() ? "" : value.dump();
  std::string lines;
  for (const auto& line : value) lines += (lines.empty() ? "" : "\n") + line.get<std::string>();
  return lines;
}

bool is_utf8(const std::string& text) {
  try {
    return !json(text).dump().empty();
  } catch (const json::type_error&) {
    return false;
  }
}

}  // namespace

Result<std::vector<ImportEntry>> parse_import(const std::string& text) {
  if (!is_utf8(text)) {
    return fail("the file is not UTF-8; a spreadsheet calls that form \"CSV UTF-8\"");
  }
  auto first = text.find_first_not_of(" \t\r\n");
  bool is_json = first != std::string::npos && (text[first] == '[' || text[first] == '{');
  auto entries = is_json ? parse_array(text) : parse_table(text);
  if (entries && entries->empty()) return fail("the file names no users");
  return entries;
}

std::string export_as_json(const json& users) { return users.dump(2) + "\n"; }

std::string export_as_csv(const json& users) {
  // A column that nobody has anything in is left out.
  std::vector<Column> columns;
  std::vector<std::string> headings;
  for (const auto& column : kColumns) {
    bool is_used = std::any_of(users.begin(), users.end(),
                               [&](const json& user) { return user.contains(column.name); });
    if (!is_used) continue;
    columns.push_back(column);
    headings.emplace_back(column.name);
  }
  auto table = csv_row(headings);
  for (const auto& user : users) {
    std::vector<std::string> cells;
    cells.reserve(columns.size());
    for (const auto& column : columns) {
      cells.push_back(cell_of(column.form, user.value(column.name, json())));
    }
    table += csv_row(cells);
  }
  return table;
}

}  // namespace labgpu
