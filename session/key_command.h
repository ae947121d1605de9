// The command= that authorized_keys gives a key (sshd(8), AUTHORIZED_KEYS FILE FORMAT).
//
// labgpu's drop-in has a ForceCommand, and for sshd that one wins over the key's own (session.c,
// do_exec). A key that was meant for one command would be good for all; so the session command
// looks the key up again, in the same files, in the same order.
#pragma once

#include <stddef.h>

#include <string_view>

#include "common/messages.h"
#include "common/text_buffer.h"

namespace labgpu {

using KeyCommandText = TextBuffer<kMaxPacket>;

enum class KeyCommand {
  kNotListed,  // no line has this key
  kFree,       // a line has it, without a command
  kForced,     // `out` is its command
};

// What `file`, the text of an authorized_keys file, says of `key` ("TYPE BASE64"). Where lines with
// the same key differ, sshd takes the first that fits the client (from=, expiry-time=). Which one
// that is cannot be told here, so a line with a command counts before one that may not have fitted.
// `out` is left alone but for kForced.
[[nodiscard]] KeyCommand find_key_command(std::string_view file, std::string_view key,
                                          KeyCommandText& out);

}  // namespace labgpu
