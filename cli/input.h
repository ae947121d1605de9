// What an administrator hands to labgpu beside arguments: public keys, a password, a yes.
#pragma once

#include <string>
#include <vector>

#include "cli/result.h"

namespace labgpu {

struct KeyLine {
  std::string text;
  std::string place;  // "alice.pub line 3"
};

// The keys in a file in the form of authorized_keys: one a line; empty lines and '#' comments are
// passed over. Says so when it was given a private key, or nothing. Whether a line is a good key
// the helper decides.
Result<std::vector<KeyLine>> parse_keys(const std::string& text, const std::string& source);

// The same, from a file; "-" is the standard input. At most 1 MiB is read.
Result<std::vector<KeyLine>> read_keys(const std::string& path);

// All of a file, at most 4 MiB; "-" is the standard input. `what` is for the error: "the
// users".
Result<std::string> read_text(const std::string& path, const std::string& what);

// The first line of the standard input. At a terminal it is asked for and not echoed.
Result<std::string> read_password(const std::string& user);

// Asks for it twice at the terminal, without echo. Fails when the two differ, or when there is no
// terminal to ask at.
Result<std::string> ask_for_new_password(const std::string& user);

// Asks at the terminal; "y" and "yes" are yes. Fails when there is no terminal to ask at.
Result<bool> confirm(const std::string& question);

// Nothing when `yes`, or when they agree at the terminal; else the error says `otherwise`.
Result<void> agree(bool yes, const std::string& question, const std::string& otherwise);

}  // namespace labgpu
