// What a bootstrapped image holds beside Debian's minimal system, and why.
#pragma once

#include <array>

namespace labgpu {

struct ImagePackage {
  const char* name;
  const char* reason;
};

inline constexpr std::array<ImagePackage, 23> kImagePackages{{
    {"bash-completion", "people press Tab"},
    {"bzip2", "archives of software and data"},
    {"ca-certificates", "https: git, curl, pip"},
    {"curl", "downloads"},
    {"git", "everybody's code"},
    {"iproute2", "ip, ss: which port does my server use?"},
    {"iputils-ping", "is the network there?"},
    {"less", "reading; git's and man's pager"},
    {"locales", "other locales than C.UTF-8, which is always there"},
    {"nano", "an editor that needs no explanation"},
    {"net-tools", "ifconfig, netstat of older instructions"},
    {"openssh-client", "ssh from inside; scp's older protocol runs scp here"},
    {"openssh-sftp-server", "sftp, scp, sshfs, VS Code's file transfer"},
    {"procps", "ps, top, free, pkill"},
    {"rsync", "rsync needs itself on both sides"},
    {"sudo", "full power, as promised; without a password"},
    {"tmux", "a training run that outlives the connection"},
    {"tzdata", "times in the user's zone"},
    {"unzip", "data sets"},
    {"vim", "an editor"},
    {"wget", "downloads; VS Code's server installs itself with it"},
    {"xauth", "X11 forwarding"},
    {"xz-utils", "archives"},
}};

}  // namespace labgpu
