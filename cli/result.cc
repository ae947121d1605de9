// What a command of labgpu ends with.
#include "cli/result.h"

#include <system_error>

namespace labgpu {

Failed fail_errno(const std::string& context, int errno_value) {
  return fail(context + ": " + std::generic_category().message(errno_value));
}

}  // namespace labgpu
