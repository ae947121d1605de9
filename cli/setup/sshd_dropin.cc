// labgpu's drop-in for sshd.
#include "cli/setup/sshd_dropin.h"

#include <string_view>

#include "common/paths.h"
#include "common/sshd_drop_in.h"

namespace labgpu {

namespace {

constexpr std::string_view kFirstLine = "# Written by `labgpu setup`";
// Every keyword is one that sshd_config(5) allows after Match in OpenSSH 9.2 and later.
// PermitUserEnvironment is not; pam_labgpu clears the environment instead.
constexpr char kBeginning[] =
    R"(# Written by `labgpu setup`; `labgpu setup --undo` takes it away.
#
# Where several Match blocks apply, sshd takes the first value that it finds for a keyword; "00-" puts
# this one before those of other files. What stands outside of Match blocks does not count against it,
# and a Match block ends with its file. Forwarding of ports, agents and X11 is left to the server's own
# settings: it happens in the network of the user's container.

)";

constexpr char kRules[] =
    R"(    # Whatever the client asks for (a shell, a command, scp, sftp) runs in the user's container. It also
    # keeps a subsystem such as internal-sftp from serving the host's files.
    ForceCommand /usr/libexec/labgpu/labgpu-session
    # Tells that command with which key the client logged in, so that a key's own command= counts.
    ExposeAuthInfo yes
    # The user's own keys, and those that the administrator gave with `labgpu key add`.
    AuthorizedKeysFile .ssh/authorized_keys /var/lib/labgpu/keys/%u
    # ~/.ssh/rc would be run on the host.
    PermitUserRC no
    # A tunnel would be a network device of the host's.
    PermitTunnel no
    # The forced command is not in a user's chroot; the container is what shuts the user in.
    ChrootDirectory none
)";

bool is_ours(const Text& text) { return text && text->starts_with(kFirstLine); }

// sshd takes a list with a space in it in quotes.
std::string match_line(const std::vector<std::string>& groups) {
  std::string list = kGroupName;
  for (const auto& group : groups) list += "," + group;
  bool quoted = list.find(' ') != std::string::npos;
  return std::string(kMatchMembers) + (quoted ? "\"" + list + "\"" : list);
}

// Nothing when there is no such line.
Text with_match_line(const std::string& text, const std::string& line) {
  auto old = match_line_of_drop_in(text);
  if (old.empty()) return {};
  std::string changed = text;
  changed.replace(static_cast<size_t>(old.data() - text.data()), old.size(), line);
  return changed;
}

}  // namespace

Text add_drop_in(const Text& text, const std::vector<std::string>& groups) {
  auto line = match_line(groups);
  if (!is_ours(text)) return kBeginning + line + "\n" + kRules;
  auto changed = with_match_line(*text, line);
  return changed ? changed : text;
}

Text remove_drop_in(const Text& text) { return is_ours(text) ? Text{} : text; }

Text probe_drop_in(const std::string& text) {
  return with_match_line(text, "Match User " + std::string(kProbeUser));
}

}  // namespace labgpu
