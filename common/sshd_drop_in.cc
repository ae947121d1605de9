// Finds the drop-in's Match line.
#include "common/sshd_drop_in.h"

#include "common/parse.h"

namespace labgpu {

std::string_view match_line_of_drop_in(std::string_view text) {
  while (!text.empty()) {
    std::string_view line = take_until(text, '\n');
    if (has_prefix(line, kMatchMembers)) return line;
  }
  return {};
}

std::string_view groups_of_drop_in(std::string_view text) {
  std::string_view groups = match_line_of_drop_in(text);
  if (groups.empty()) return {};
  groups.remove_prefix(kMatchMembers.size());
  if (groups.size() >= 2 && groups[0] == '"' && groups[groups.size() - 1] == '"') {
    groups.remove_prefix(1);
    groups.remove_suffix(1);
    return groups;
  }
  // A second condition would make it a rule for fewer people.
  for (char c : groups) {
    if (c == ' ' || c == '"') return {};
  }
  return groups;
}

bool lists_group(std::string_view groups, std::string_view group) {
  while (!groups.empty()) {
    if (take_until(groups, ',') == group) return true;
  }
  return false;
}

}  // namespace labgpu
