// Reads and fills in the text of a greeting.
#include "helper/greeting_template.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/utf8_text.h"
#include "helper/text_list.h"

namespace labgpu {

namespace {

constexpr std::array<std::pair<std::string_view, Placeholder>, 13> kNames{{
    {"user", Placeholder::kUser},
    {"hostname", Placeholder::kHostname},
    {"host", Placeholder::kHost},
    {"container", Placeholder::kContainer},
    {"image", Placeholder::kImage},
    {"state_since", Placeholder::kStateSince},
    {"sessions", Placeholder::kSessions},
    {"gpus", Placeholder::kGpus},
    {"memory", Placeholder::kMemory},
    {"cpus", Placeholder::kCpus},
    {"disks", Placeholder::kDisks},
    {"ports", Placeholder::kPorts},
    {"rebuild", Placeholder::kRebuild},
}};

constexpr size_t kColumns = 80;
constexpr std::string_view kGap = "    ";  // between the items of a list
constexpr char kEscape = '\033';

bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }

const Placeholder* find_placeholder(std::string_view name) {
  for (const auto& [known, placeholder] : kNames) {
    if (known == name) return &placeholder;
  }
  return nullptr;
}

Failed unknown_placeholder(std::string_view name) {
  std::string known;
  for (const auto& entry : kNames) append_part(known, "{" + std::string(entry.first) + "}", " ");
  return fail(ErrorCode::kInvalid, "there is no {" + std::string(name) + "}; there are: " + known);
}

// The text of a value as a terminal may show it.
std::string shown(std::string_view value) {
  Utf8Locale utf8;
  std::string text;
  while (!value.empty()) {
    auto character = take_character(value);
    text += character.width < 0 ? "?" : character.bytes;
  }
  return text;
}

// Skips "ESC [ … letter" (ECMA-48, control sequences), or an ESC alone.
void skip_escape(std::string_view& text) {
  text.remove_prefix(1);
  if (!text.starts_with('[')) return;
  size_t end = 1;
  while (end < text.size() && (text[end] < '@' || text[end] > '~')) ++end;
  text.remove_prefix(std::min(end + 1, text.size()));
}

// The column in which the terminal's cursor is after the text.
size_t column_after(std::string_view text) {
  constexpr size_t kTab = 8;
  text.remove_prefix(text.rfind('\n') + 1);  // npos + 1 is 0
  Utf8Locale utf8;
  size_t column = 0;
  while (!text.empty()) {
    if (text.front() == kEscape) {
      skip_escape(text);
    } else if (text.front() == '\t') {
      column = (column / kTab + 1) * kTab;
      text.remove_prefix(1);
    } else {
      int width = take_character(text).width;
      column += width < 0 ? 0 : static_cast<size_t>(width);
    }
  }
  return column;
}

void add_list(const std::vector<std::string>& items, std::string& line) {
  size_t indent = column_after(line);
  bool first = true;
  for (const auto& raw : items) {
    auto item = shown(raw);
    if (!first) {
      bool fits = column_after(line) + kGap.size() + display_width(item) <= kColumns;
      line += fits ? std::string(kGap) : "\n" + std::string(indent, ' ');
    }
    line += item;
    first = false;
  }
}

Result<void> check_characters(std::string_view line) {
  Utf8Locale utf8;
  while (!line.empty()) {
    char first = line.front();
    if (!take_character(line).valid) {
      return fail(ErrorCode::kInvalid, "is not UTF-8; save the file in that encoding");
    }
    if (first == '\r') {
      return fail(ErrorCode::kInvalid, "ends as lines of Windows do; save the file with Unix ends");
    }
    bool control = (is_ascii(first) && first < ' ') || first == '\x7f';
    if (control && first != '\t' && first != kEscape) {
      return fail(ErrorCode::kInvalid,
                  "has a control character; only the tab and the ESC of colours are allowed");
    }
  }
  return {};
}

}  // namespace

Result<GreetingTemplate::Line> GreetingTemplate::parse_line(std::string_view text) {
  if (auto right = check_characters(text); !right) return Failed(right.error());
  Line line(1);
  while (!text.empty()) {
    char c = text.front();
    bool doubled = text.size() > 1 && text[1] == c;
    size_t end = text.find('}');
    if ((c != '{' && c != '}') || doubled) {
      line.back().text += c;
      text.remove_prefix(doubled && (c == '{' || c == '}') ? 2 : 1);
    } else if (c == '}' || end == std::string_view::npos) {
      return fail(ErrorCode::kInvalid,
                  std::string("has a single ") + c + "; write {name}, or {{ and }} for braces");
    } else {
      auto name = text.substr(1, end - 1);
      line.back().placeholder = find_placeholder(name);
      if (line.back().placeholder == nullptr) return unknown_placeholder(name);
      line.emplace_back();
      text.remove_prefix(end + 1);
    }
  }
  return line;
}

Result<GreetingTemplate> GreetingTemplate::parse(std::string_view text) {
  if (text.size() > kLargest) {
    return fail(ErrorCode::kInvalid, "the file is too large; 8192 bytes are allowed");
  }
  GreetingTemplate parsed;
  while (!text.empty()) {
    size_t end = std::min(text.find('\n'), text.size());
    auto line = parse_line(text.substr(0, end));
    if (!line) {
      return wrap("line " + std::to_string(parsed.lines_.size() + 1), line.error());
    }
    parsed.lines_.push_back(std::move(*line));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parsed;
}

bool GreetingTemplate::uses(Placeholder placeholder) const {
  return std::any_of(lines_.begin(), lines_.end(), [&](const Line& line) {
    return std::any_of(line.begin(), line.end(), [&](const Piece& piece) {
      return piece.placeholder != nullptr && *piece.placeholder == placeholder;
    });
  });
}

// Empty for a line that is left out; else with the newline.
std::string GreetingTemplate::render_line(const Line& line, const GreetingValues& values) {
  std::string text;
  bool says_something = line.size() == 1;
  for (const auto& piece : line) {
    text += piece.text;
    if (piece.placeholder == nullptr) continue;
    auto value = values.find(*piece.placeholder);
    if (value == values.end() || value->second.empty()) continue;
    says_something = true;
    add_list(value->second, text);
  }
  return says_something ? text + "\n" : "";
}

std::string GreetingTemplate::render(const GreetingValues& values) const {
  std::string text;
  for (const auto& line : lines_) text += render_line(line, values);
  return text;
}

std::string to_ascii(std::string_view text) {
  Utf8Locale utf8;
  std::string ascii;
  while (!text.empty()) {
    auto bytes = take_character(text).bytes;
    bool fits = bytes.size() == 1 && is_ascii(bytes.front());
    ascii += fits ? bytes : "?";
  }
  return ascii;
}

}  // namespace labgpu
