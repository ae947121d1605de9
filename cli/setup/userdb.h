// labgpu's accounts in systemd's user database, which is for the administrator to choose.
//
// Their service is a socket in /run/systemd/userdb/. nss-systemd asks every socket there whenever
// anybody's groups are looked up, at a login of root's too, and waits up to 45 seconds for an
// answer (systemd, VARLINK_DEFAULT_TIMEOUT_USEC). So without being asked for it is not there.
#pragma once

#include <string>

#include "cli/result.h"
#include "cli/subprocess.h"
#include "common/paths.h"

namespace labgpu {

// Whether look-ups ask labgpud now. Here and below `socket` is another place in tests.
bool userdb_is_on(const std::string& socket = kUserdbSocket);

// Returns a sentence that says what was done. What cannot be turned on is left off.
Result<std::string> turn_userdb_on(const HeldSignals& signals,
                                   const std::string& socket = kUserdbSocket);
// Whether it was on.
Result<bool> turn_userdb_off(const HeldSignals& signals, const std::string& socket = kUserdbSocket);

}  // namespace labgpu
