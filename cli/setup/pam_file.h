// labgpu's three lines in /etc/pam.d/sshd.
//
//   auth     optional  pam_labgpu.so # labgpu    after `@include common-auth`
//   account  required  pam_labgpu.so # labgpu    after `@include common-account`
//   session  required  pam_labgpu.so # labgpu    as the last session line
//
// The session line comes last because modules before it (pam_selinux, pam_systemd, pam_env) work on
// the host, and because pam_labgpu cleans the environment that pam_env made. Where a file has no
// such include, the place is after the last line of that type. pam.d(5) describes the format; text
// from '#' to the end of a line is a comment.
#pragma once

#include <string>

#include "cli/setup/text_file.h"

namespace labgpu {

// Adds what is missing. A pam_labgpu.so line that the administrator wrote by hand counts and is
// left alone. No file stays no file.
Text add_pam_lines(const Text& text);

// Takes out the lines marked "# labgpu", and nothing else.
Text remove_pam_lines(const Text& text);

// Is a pam_labgpu.so line of that type in force in a file of PAM's?
bool has_pam_line(const std::string& text, const char* type);

}  // namespace labgpu
