// The parts of labgpu.json that are about settings: defaults, profiles, and their limits.
#pragma once

#include <optional>
#include <string>

#include "helper/account.h"
#include "helper/config.h"
#include "helper/error.h"
#include "helper/json_fields.h"

namespace labgpu {

// A user's name of full length.
inline constexpr char kLongestName[] = "abcdefghijklmnopqrstuvwxyz_00032";

// A section of the document; absent is the same as empty.
JsonFields section(JsonFields& document, const std::string& key, const JsonLines& lines);

Result<std::optional<GpuAccess>> read_gpu_access(JsonFields& document);

// Everything of SettingsPolicy; `config` has its other parts already. Tried with a name of full
// length, so that no account finds out later.
Result<void> read_policy(JsonFields& document, const JsonLines& lines, Config& config);

// Some account of that profile ("": of none) with a name of full length.
Account sample_account(const Config& config, const std::string& profile);

}  // namespace labgpu
