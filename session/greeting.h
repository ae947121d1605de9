// What a person reads before the shell of a login starts: how the container and the server are.
//
// The helper words it. It is never worth waiting for: a login goes on without it.
#pragma once

#include <span>

#include "common/messages.h"

namespace labgpu {

// What LC_ALL, LC_MESSAGES and LANG say, the first of them that is not empty (locale(7)); any may
// be null. Chinese for a locale of that language in UTF-8.
[[nodiscard]] GreetingLanguage greeting_language(const char* lc_all, const char* lc_messages,
                                                 const char* lang);

// Asks the helper and writes to standard output, a terminal, what it says within 0.4 seconds.
// Nothing when there is a ~/.hushlogin in $HOME.
void show_greeting(std::span<unsigned char> buffer);

}  // namespace labgpu
