// The host as the tests want it: accounts, an account index, a log; in a mount namespace of their
// own.
#pragma once

#include <sys/types.h>

#include <string>

namespace labgpu::test {

// Set up once for the whole program, before the first test.
//   alice, bob  managed: in the index with the uid that the name service says; bob's shell is bash
//   erin        managed: not in the index, but with the session command as the shell
//   carol       not managed: in the index with another uid
//   dave, root  not managed
//   toor        not managed: uid 0, whatever its shell and the index say
inline constexpr uid_t kAliceUid = 61001;

// The messages that came to /dev/log since the last call or the start of the test, a line each.
std::string logged();

}  // namespace labgpu::test
