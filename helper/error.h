// The helper's error type: a code for programs and a sentence for people, wrapped on the way up.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace labgpu {

enum class ErrorCode {
  kNotFound,     // no such account, container, key …
  kExists,       // the name or id is taken
  kInvalid,      // what was asked makes no sense
  kDenied,       // the caller may not
  kUnavailable,  // Docker is down, or refuses; the image is missing …
  kTimeout,      // it took too long
  kWrongPassword,
  kTooManyAttempts,  // of wrong passwords
  kSystem,           // a system call failed
};

struct Error {
  ErrorCode code = ErrorCode::kSystem;
  // A sentence without a full stop that says what failed, for whom, and what to do.
  std::string message;
};

template <typename T>
using Result = tl::expected<T, Error>;

using Failed = tl::unexpected<Error>;

inline Failed fail(ErrorCode code, std::string message) {
  return Failed(Error{code, std::move(message)});
}

// "context: message", with the code kept.
Failed wrap(const std::string& context, Error error);

// "context: strerror(errno_value)".
Failed fail_errno(const std::string& context, int errno_value);

// The same, of somebody who cannot be had now: kUnavailable.
Failed unavailable_errno(const std::string& context, int errno_value);

}  // namespace labgpu
