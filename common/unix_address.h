// The address of a Unix socket from its path.
#pragma once

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <string_view>

namespace labgpu {

// False, with errno ENAMETOOLONG, if the path does not fit (unix(7): it has 108 bytes, with the NUL
// that ends it).
inline bool set_unix_address(sockaddr_un& address, std::string_view path) {
  address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return false;
  }
  memcpy(address.sun_path, path.data(), path.size());
  return true;
}

// For bind(2) and connect(2).
inline const sockaddr* as_sockaddr(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

}  // namespace labgpu
