# What has to be installed to build labgpu, to show it (demo.sh) and to test it (test.sh): Debian packages.
# Sourced by both, with $root as the top of the tree.
# shellcheck shell=bash
: "${root:?}"

# Test hosts want Docker and a maker of root file systems; a person logs in with the rest.
# shellcheck disable=SC2034
readonly demo_requirements=(
  build-essential ccache dpkg-dev docker.io iptables mmdebstrap openssh-client procps rsync
)

# The clients that people use, and what those of the differential tests need.
# shellcheck disable=SC2034
readonly differential_requirements=(
  ansible-core curl lftp python3-paramiko sshfs tmux x11-utils xauth xvfb
)

# shellcheck disable=SC2034
readonly test_requirements=(
  "${demo_requirements[@]}" "${differential_requirements[@]}"
  binutils blhc clang-format clang-tidy cppcheck git googletest libgmock-dev libgtest-dev libnss-wrapper libpam-wrapper
  libpamtest0-dev lintian openssh-server pyflakes3
  python3 python3-pexpect python3-pytest shellcheck systemd
)

is_installed() {
  [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

# Root file systems come from the mirror that apt uses, which apt knows once it has its lists.
apt_has_lists() {
  apt-get indextargets 'Created-By: Packages' 'Origin: Debian' 2>/dev/null | grep -q .
}

# install_requirements PACKAGE...: these, and what debian/control names to build with. Asks the network only when
# something is missing.
install_requirements() {
  local missing=() package
  for package in "$@"; do
    is_installed "$package" || missing+=("$package")
  done
  if ((${#missing[@]} == 0)) && apt_has_lists && dpkg-checkbuilddeps "$root/debian/control" 2>/dev/null; then
    return
  fi
  echo "installing what debian/control names to build with, and: ${missing[*]:-nothing else}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  if ((${#missing[@]} > 0)); then
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  fi
  apt-get build-dep -y -qq --no-install-recommends "$root" >/dev/null
}
