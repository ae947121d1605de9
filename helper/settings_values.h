// Settings that are a single word or number, from and to text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "helper/error.h"
#include "helper/settings.h"

namespace labgpu {

// ASCII, whatever the locale says.
bool is_alphanumeric(char c);

// A label of a host name (RFC 1123, 2.1): letters, digits and hyphens, no hyphen at an end.
bool is_host_label(std::string_view label);

// Every error here and for the other settings is kInvalid; its message is the predicate of a
// sentence ("must be one of: user, root").
Result<RestartPolicy> parse_restart(std::string_view text);
Result<LoginAs> parse_login(std::string_view text);
Result<UserNamespace> parse_user_namespace(std::string_view text);
// As Docker and the JSON files spell them: "unless-stopped", "user" ….
std::string_view to_text(RestartPolicy policy);
std::string_view to_text(LoginAs login);
std::string_view to_text(UserNamespace user_namespace);

// "8g", "512m", "64k" or bytes; powers of 1024, at least 1 MiB, which is less than anybody wants.
Result<uint64_t> parse_size(std::string_view text);
Result<uint64_t> check_size(uint64_t bytes);
std::string size_text(uint64_t bytes);

// The same from 6 MiB on, which is Docker's least; "none", which is 0, is no limit.
Result<uint64_t> parse_memory(std::string_view text);
Result<uint64_t> check_memory(uint64_t bytes);
std::string memory_text(uint64_t bytes);

// "4", "2.5", in thousandths; 0.01 is Docker's least. "none", which is 0, is no limit.
Result<uint32_t> parse_cpus(std::string_view text);
std::string cpus_text(uint32_t milli_cpus);

// 64 processes or more: a login with an editor has dozens. "none", which is 0, is no limit.
Result<uint32_t> parse_max_processes(std::string_view text);
Result<uint32_t> check_max_processes(uint64_t count);

// 1 to 1000; "none", which is 0, is no limit.
Result<uint32_t> parse_max_sessions(std::string_view text);
Result<uint32_t> check_max_sessions(uint64_t count);
Result<uint32_t> parse_max_snapshots(std::string_view text);
Result<uint32_t> check_max_snapshots(uint64_t count);

// Seconds, from "30s", "90m", "12h" or "7d"; a number without a unit is refused, as nobody can tell
// what it is of. `what` goes on behind "must be a time".
Result<uint32_t> parse_duration(std::string_view text, uint32_t least, uint32_t most,
                                const char* what);
// In the largest unit that it is a whole number of.
std::string duration_text(uint32_t seconds);

// 10 seconds to 365 days. "never", which is 0, is never.
Result<uint32_t> parse_idle_stop(std::string_view text);
std::string idle_stop_text(uint32_t seconds);
// The same from 1 second on; "none", which is 0, is no warning.
Result<uint32_t> parse_idle_warning(std::string_view text);
std::string idle_warning_text(uint32_t seconds);

// "none" for 0.
std::string count_text(uint32_t count);

// As is_image_name() says.
Result<std::string> parse_image(std::string_view text);

// Anything but the empty text; what is in it is looked at when it is filled in.
Result<std::string> parse_template(std::string_view text);

// `text` with {user} filled in; any other brace is an error, as it is a slip of the pen.
Result<std::string> fill_in(std::string_view text, std::string_view user);

}  // namespace labgpu
