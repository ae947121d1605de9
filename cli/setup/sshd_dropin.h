// labgpu's drop-in for sshd: /etc/ssh/sshd_config.d/00-labgpu.conf.
#pragma once

#include <string>
#include <vector>

#include "cli/setup/text_file.h"

namespace labgpu {

// A name that no account can have (is_user_name refuses the dot), for trying the drop-in out.
inline constexpr char kProbeUser[] = "labgpu.probe";

// The drop-in's text, for labgpu's own accounts and for members of `groups`. One that is there
// already and carries labgpu's first line is the administrator's edited copy of it and stays, but
// for the groups in the line of common/sshd_drop_in.h.
Text add_drop_in(const Text& text, const std::vector<std::string>& groups);

// Nothing, when the text is labgpu's; else the text.
Text remove_drop_in(const Text& text);

// The same rules for kProbeUser instead of the group's members. sshd can be asked what such a file
// means while it changes nothing for anybody. Nothing when the text has no line of
// common/sshd_drop_in.h.
Text probe_drop_in(const std::string& text);

}  // namespace labgpu
