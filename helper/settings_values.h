// One setting's value from and to text: what the command line and the JSON files share.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "helper/error.h"
#include "helper/settings.h"

namespace labgpu {

// ASCII, whatever the locale says.
bool is_alphanumeric(char c);

// Every error is kInvalid; its message is the predicate of a sentence ("must be auto, all or
// none").
Result<Gpus> parse_gpus(std::string_view text);
Result<RestartPolicy> parse_restart(std::string_view text);
Result<LoginAs> parse_login(std::string_view text);

// 1 to 1000; "none", which is 0, is no limit.
Result<uint32_t> parse_max_sessions(std::string_view text);
Result<uint32_t> check_max_sessions(uint64_t count);

// "8g", "512m", "64k" or bytes; powers of 1024, at least 1 MiB, which is less than anybody wants.
Result<uint64_t> parse_size(std::string_view text);
Result<uint64_t> check_size(uint64_t bytes);

// "/data", "/source:/target" or "/source:/target:ro"; {user} is left for later.
Result<Mount> parse_mount(std::string_view text);
// The same with commas between; "none" is an empty list.
Result<std::vector<Mount>> parse_mounts(std::string_view text);

// What Docker takes as a reference to an image, roughly: it says itself what else is wrong.
Result<std::string> parse_image(std::string_view text);

// `text` with {user} filled in; any other brace is an error, as it is a slip of the pen.
Result<std::string> fill_in(std::string_view text, std::string_view user);

}  // namespace labgpu
