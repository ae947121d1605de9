// The helper's log: one call, to the journal with fields, or to stderr with --foreground.
//
// Only the place that handles an error logs it; what returns a Result does not.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace labgpu {

enum class LogLevel : int { kError = 3, kWarning = 4, kNotice = 5, kInfo = 6, kDebug = 7 };

// A journal field beside MESSAGE, such as {"LABGPU_USER", name}. Names are upper-case constants.
struct LogField {
  std::string_view name;
  std::string_view value;
};

// Where log() writes from now on. The journal is the default.
void log_to_stderr(bool debug);
void log_to_journal(bool debug);

// Control characters in the message and the values are replaced by '?', so that no user's text can
// forge a line. A field without a value is left out.
void log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {});

inline constexpr std::string_view kLogUser = "LABGPU_USER";
inline constexpr std::string_view kLogContainer = "LABGPU_CONTAINER";
inline constexpr std::string_view kLogSession = "LABGPU_SESSION";

}  // namespace labgpu
