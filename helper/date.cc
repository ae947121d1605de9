// Dates from and to text.
#include "helper/date.h"

#include <time.h>

#include <array>
#include <chrono>
#include <optional>

namespace labgpu {

namespace {

constexpr Microseconds kSecond = 1000000;

// Takes a text apart from its front; after the first mistake nothing more is taken.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  // Exactly `count` digits, of a number in [lowest, highest].
  int number(size_t count, int lowest, int highest) {
    int value = 0;
    for (size_t i = 0; i < count; ++i) {
      bool digit = i < rest_.size() && rest_[i] >= '0' && rest_[i] <= '9';
      if (!digit) return wrong();
      value = value * 10 + (rest_[i] - '0');
    }
    if (value < lowest || value > highest) return wrong();
    rest_.remove_prefix(count);
    return value;
  }
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void require(char c) {
    if (!take(c)) wrong();
  }
  // Digits behind the point, as microseconds; what is finer is cut off.
  Microseconds fraction() {
    Microseconds value = 0;
    Microseconds place = kSecond;
    size_t count = 0;
    for (; count < rest_.size() && rest_[count] >= '0' && rest_[count] <= '9'; ++count) {
      place /= 10;
      value += static_cast<Microseconds>(rest_[count] - '0') * place;
    }
    if (count == 0) wrong();
    rest_.remove_prefix(count);
    return value;
  }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  int wrong() {
    failed_ = true;
    rest_ = {};
    return 0;
  }

  std::string_view rest_;
  bool failed_ = false;
};

struct Parts {
  tm fields{};
  Microseconds fraction = 0;
  std::optional<int> offset_minutes;  // east of UTC; absent: the server's zone
};

void take_date(Scanner& scanner, Parts& parts) {
  int year = scanner.number(4, 1970, 9999);
  scanner.require('-');
  int month = scanner.number(2, 1, 12);
  scanner.require('-');
  int day = scanner.number(2, 1, 31);
  parts.fields.tm_year = year - 1900;
  parts.fields.tm_mon = month - 1;
  parts.fields.tm_mday = day;
}

void take_time(Scanner& scanner, Parts& parts) {
  parts.fields.tm_hour = scanner.number(2, 0, 23);
  scanner.require(':');
  parts.fields.tm_min = scanner.number(2, 0, 59);
  if (scanner.take(':')) {
    parts.fields.tm_sec = scanner.number(2, 0, 59);
    if (scanner.take('.')) parts.fraction = scanner.fraction();
  }
}

void take_zone(Scanner& scanner, Parts& parts) {
  if (scanner.at_end()) return;
  if (scanner.take('Z') || scanner.take('z')) {
    parts.offset_minutes = 0;
    return;
  }
  int sign = scanner.take('-') ? -1 : 1;
  if (sign == 1) scanner.require('+');
  int hours = scanner.number(2, 0, 23);
  scanner.require(':');
  parts.offset_minutes = sign * (hours * 60 + scanner.number(2, 0, 59));
}

bool is_in_calendar(const tm& fields) {
  using std::chrono::day;
  using std::chrono::month;
  using std::chrono::year;
  return std::chrono::year_month_day(year(fields.tm_year + 1900),
                                     month(static_cast<unsigned>(fields.tm_mon) + 1),
                                     day(static_cast<unsigned>(fields.tm_mday)))
      .ok();
}

std::optional<Microseconds> moment_of(Parts parts, PartOfDay without_time, bool has_time) {
  bool last_moment = !has_time && without_time == PartOfDay::kEnd;
  if (last_moment) ++parts.fields.tm_mday;  // mktime(3) makes the next month of it if need be
  parts.fields.tm_isdst = -1;
  time_t seconds = 0;
  if (parts.offset_minutes) {
    seconds = timegm(&parts.fields) - time_t{*parts.offset_minutes} * 60;
  } else {
    seconds = mktime(&parts.fields);
  }
  if (seconds < 0 || (last_moment && seconds == 0)) return std::nullopt;
  auto moment = static_cast<Microseconds>(seconds) * kSecond + parts.fraction;
  return last_moment ? moment - 1 : moment;
}

}  // namespace

Result<Microseconds> parse_date(std::string_view text, PartOfDay without_time) {
  Scanner scanner(text);
  Parts parts;
  take_date(scanner, parts);
  bool has_time = scanner.take('T') || scanner.take('t') || scanner.take(' ');
  if (has_time) {
    take_time(scanner, parts);
    take_zone(scanner, parts);
  }
  if (!scanner.failed() && scanner.at_end() && is_in_calendar(parts.fields)) {
    if (auto moment = moment_of(parts, without_time, has_time)) return *moment;
  }
  return fail(ErrorCode::kInvalid,
              "must be a date such as 2026-12-31, 2026-12-31T18:00 or 2026-12-31T18:00:00+08:00");
}

std::string date_text(Microseconds moment) {
  auto seconds = static_cast<time_t>(moment / kSecond);
  tm fields{};
  std::array<char, 64> text{};
  if (localtime_r(&seconds, &fields) == nullptr) return "a day far away";
  return {text.data(), strftime(text.data(), text.size(), "%Y-%m-%d at %H:%M %Z", &fields)};
}

Microseconds now_in_microseconds() {
  auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<Microseconds>(
      std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

}  // namespace labgpu
