// A path of the forwarded agent that stays the same from login to login.
//
// sshd makes a new socket at each login, so a shell in tmux that outlived its connection has the
// path of one that is gone. On a host people make a link in ~/.ssh/rc, which labgpu turns off,
// because sshd would run it outside of the container.
#pragma once

#include <string_view>

namespace labgpu {

// Under the home.
inline constexpr std::string_view kAgentLink = "/.ssh/agent.sock";

// Makes the link lead to `socket`, an absolute path; anything else does nothing. A link that leads
// to an agent that answers stays, unless `take_over`. What is there and is no link stays, too.
//
// To be called as the user: it goes wherever the names in the home lead. Says nothing when it
// fails, as no login depends on it.
void link_agent(std::string_view home, std::string_view socket, bool take_over);

}  // namespace labgpu
