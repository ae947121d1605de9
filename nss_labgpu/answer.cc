// Which status glibc gets for which error.
#include "nss_labgpu/answer.h"

namespace labgpu {

nss_status status_of(int error) {
  switch (error) {
    case 0:
      return NSS_STATUS_SUCCESS;
    case ENOENT:
      return NSS_STATUS_NOTFOUND;
    case ERANGE:
    case EAGAIN:
    case ENOMEM:
    case EMFILE:
    case ENFILE:
      return NSS_STATUS_TRYAGAIN;
    default:
      return NSS_STATUS_UNAVAIL;
  }
}

}  // namespace labgpu
