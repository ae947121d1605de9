// Carries out a command of labgpu's own: hands this process over to labgpu-self.
#pragma once

#include <span>
#include <string_view>

namespace labgpu {

// Asks the helper for a connection with the rights of the account's owner, and executes labgpu-self
// with it, with the words of `command` and next to no environment. Needs no container. Returns only
// when that cannot be: the exit status for this process after the user has been told why.
[[nodiscard]] int run_own_command(std::string_view command, std::span<unsigned char> buffer);

// Whether labgpu-self gets that variable ("NAME=value"): the terminal's type and the language, when
// they look like what they should be.
[[nodiscard]] bool passes_to_self(std::string_view assignment);

}  // namespace labgpu
