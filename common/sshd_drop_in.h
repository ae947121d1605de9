// The one line of sshd's drop-in that says for whom it is:
// "Match User *,!root Group labgpu,GROUP,…".
//
// `labgpu setup` writes it. root is left out whatever groups it is in. The helper compares the line
// with the configuration, because without a forced command sshd itself would serve an account of
// the host (internal-sftp).
#pragma once

#include <string_view>

namespace labgpu {

// What stands before the list of groups.
inline constexpr std::string_view kMatchMembers = "Match User *,!root Group ";

// The list of groups in the first such line of the text, without the quotes that sshd takes around
// it; empty when there is none. Nothing more may stand in the line.
[[nodiscard]] std::string_view groups_of_drop_in(std::string_view text);

// The line itself, without its newline; empty when there is none.
[[nodiscard]] std::string_view match_line_of_drop_in(std::string_view text);

// Is `group` one of the list?
[[nodiscard]] bool lists_group(std::string_view groups, std::string_view group);

}  // namespace labgpu
