// Moments that an administrator names: dates, with or without a time and a zone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "helper/error.h"

namespace labgpu {

// Microseconds since 1970 in UTC, as systemd's JSON User Record has them.
using Microseconds = uint64_t;

// What a date without a time means: the first or the last moment of that day.
enum class PartOfDay { kStart, kEnd };

// "2026-12-31", "2026-12-31T18:00" (seconds may follow), both in the server's own time zone, or RFC
// 3339's "2026-12-31T18:00:00Z"; a space may stand for the T. kInvalid says what is allowed, as the
// predicate of a sentence.
Result<Microseconds> parse_date(std::string_view text, PartOfDay without_time);

// For a sentence, in the server's own time zone: "2026-12-31 at 23:59 CET".
std::string date_text(Microseconds moment);

Microseconds now_in_microseconds();

}  // namespace labgpu
