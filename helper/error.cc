// Wraps errors with what was being done when they happened.
#include "helper/error.h"

#include <system_error>

namespace labgpu {

Failed wrap(const std::string& context, Error error) {
  error.message.insert(0, context + ": ");
  return Failed(std::move(error));
}

Failed fail_errno(const std::string& context, int errno_value) {
  return fail(ErrorCode::kSystem, context + ": " + std::generic_category().message(errno_value));
}

Failed unavailable_errno(const std::string& context, int errno_value) {
  return fail(ErrorCode::kUnavailable, fail_errno(context, errno_value).value().message);
}

}  // namespace labgpu
