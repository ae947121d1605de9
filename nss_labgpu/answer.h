// What every entry point does around its work: keep the caller's errno, and turn an errno number
// into what glibc expects.
#pragma once

#include <errno.h>
#include <nss.h>
#include <pthread.h>

#include <string_view>

namespace labgpu {

// The status for an errno number of common/account_index.h; 0 is success.
[[nodiscard]] nss_status status_of(int error);

// Runs `work`, which returns an errno number, and answers glibc. With thread cancellation held off,
// so that a cancelled thread leaves no descriptor open in somebody else's program.
template <typename Work>
[[nodiscard]] nss_status answer(int* errnop, Work work) {
  int callers_errno = errno;
  int callers_state = 0;
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &callers_state);
  int error = work();
  pthread_setcancelstate(callers_state, nullptr);
  // In this order: glibc passes &errno itself as errnop.
  errno = callers_errno;
  if (error != 0) *errnop = error;
  return status_of(error);
}

// A field of a line in the caller's buffer, as the C structures want it.
inline char* c_text(std::string_view field) { return const_cast<char*>(field.data()); }

}  // namespace labgpu
