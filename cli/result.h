// What a command of labgpu ends with: a value, or one sentence and an exit status.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace labgpu {

// The exit statuses of labgpu(8), "EXIT STATUS".
inline constexpr int kExitFailed = 1;        // what was asked could not be done
inline constexpr int kExitUsage = 2;         // the command line makes no sense
inline constexpr int kExitUnavailable = 69;  // no helper to talk to; EX_UNAVAILABLE of sysexits.h
inline constexpr int kExitInterrupted = 130;

struct Error {
  int exit_status = kExitFailed;
  // A sentence without a full stop that says what failed, for whom, and what to do.
  std::string message;
  // Of several keys that were sent to the helper, the one that it refuses, from 0.
  std::optional<size_t> key = std::nullopt;
};

template <typename T>
using Result = tl::expected<T, Error>;

using Failed = tl::unexpected<Error>;

inline Failed fail(std::string message, int exit_status = kExitFailed) {
  return Failed(Error{exit_status, std::move(message)});
}

// "context: strerror(errno_value)".
Failed fail_errno(const std::string& context, int errno_value);

}  // namespace labgpu
