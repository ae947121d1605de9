#!/bin/bash
# What the built packages must be: clean for lintian, hardened, modules that pull nothing into other processes, static
# programs, services in a sandbox.
# usage: check_packages.sh PACKAGES_FOLDER RESULTS_FOLDER
set -euo pipefail

packages=$1
results=$2
# shellcheck source=tests/run/steps.sh
. "$(dirname "$(readlink -f "$0")")/steps.sh"

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
for package in "$packages"/*.deb; do
  case $package in
    *-dbgsym_*) ;;
    *) dpkg-deb -x "$package" "$tree" ;;
  esac
done
readonly libexec=$tree/usr/libexec/labgpu

# needs FILE LIBRARY...: the libraries that FILE asks the loader for are exactly these.
needs() {
  local file=$1
  shift
  diff <(printf '%s\n' "$@" | sort) <(objdump -p "$file" | awk '$1 == "NEEDED" { print $2 }' | sort)
}

# exports FILE REGEX: every exported symbol of FILE matches.
exports() {
  local names
  names=$(nm -D --defined-only "$1" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }')
  [[ -n $names ]] && ! grep -vE "^($2)$" <<<"$names"
}

# Position-independent, no loader, no library.
is_static() {
  file "$1" | grep -q 'static-pie linked' && ! objdump -p "$1" | grep NEEDED
}

# No more than 2.5 of what systemd-analyze(1) calls exposure; what is left open is explained in the unit.
sandboxed() {
  local unit
  unit=$(find "$tree" -path "*/systemd/system/$1")
  [[ -n $unit ]] && systemd-analyze security --offline=true --threshold=25 --no-pager "$unit"
}

step lintian lintian --fail-on error,warning --suppress-tags bad-distribution-in-changes-file "$packages"/*.changes
# That programs are position-independent lintian sees: the compiler makes them so without being told.
step hardening blhc --bindnow --ignore-flag -fPIE --ignore-flag -pie "$packages/build.log"
step pam-needs needs "$tree"/usr/lib/*/security/pam_labgpu.so libc.so.6 libpam.so.0
step pam-exports exports "$tree"/usr/lib/*/security/pam_labgpu.so 'pam_sm_(setcred|authenticate|acct_mgmt|open_session|close_session|chauthtok)'
step nss-needs needs "$tree"/usr/lib/*/libnss_labgpu.so.2 libc.so.6
step nss-exports exports "$tree"/usr/lib/*/libnss_labgpu.so.2 '_nss_labgpu_[a-z_]+'
step gpus-needs needs "$libexec/labgpu-gpus" libc.so.6 libgcc_s.so.1 libstdc++.so.6
step helper-sandboxed sandboxed labgpud.service
step gpus-sandboxed sandboxed labgpu-gpus@.service
step session-static is_static "$libexec/labgpu-session"
step init-static is_static "$libexec/guest/labgpu-init"
finish_steps
