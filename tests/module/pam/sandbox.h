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
// And for the bridge, which is there when a test writes its index:
//   gwen        listed as a member of gpuusers;  nina too, and her shell is nologin
//   gary        his primary group is gpuusers;  seth too, but his uid is a system account's
//   hugo        listed as well; his shell is /var/lib/shells/hsh
//   dave, root  root is listed in gpuusers too
// At the session command's place is a program that says how it was called.
inline constexpr uid_t kAliceUid = 61001;

// The messages that came to /dev/log since the last call or the start of the test, a line each.
std::string logged();

}  // namespace labgpu::test
