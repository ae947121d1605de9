#!/bin/bash
# Shows labgpu on this machine: builds it, boots a server in a container, installs it there, and logs in. As root.
set -euo pipefail

root=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
readonly root
readonly host=demo
readonly work=$root/build/demo
export LABGPU_TEST_CACHE=${LABGPU_TEST_CACHE:-/var/cache/labgpu-test}
export CCACHE_DIR=$LABGPU_TEST_CACHE/ccache CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1
# shellcheck source=tests/run/requirements.sh
. "$root/tests/run/requirements.sh"

testhost() {
  "$root/tests/e2e/testhost.sh" "$@"
}

say() {
  printf '\n\033[1m%s\033[0m\n' "$*"
}

# show COMMAND...: prints the command as a person would type it, and what it prints.
show() {
  printf '\n$ %s\n' "${*//"$work/"/}"
  (cd "$work" && "$@") 2>&1 | sed 's/^/    /'
}

# quietly WHAT COMMAND...: the output goes to a log, which is shown when the command fails.
quietly() {
  local what=$1 log=$work/log
  shift
  printf '%s ... ' "$what"
  local started=$SECONDS
  if ! "$@" >"$log" 2>&1 </dev/null; then
    echo failed
    tail -n 40 "$log" >&2
    echo "demo.sh: $what failed; the whole log: $log" >&2
    exit 1
  fi
  echo "$((SECONDS - started)) s"
}

stop() {
  if testhost docker-running; then
    testhost down "$host"
    testhost remove-images
  fi
  testhost docker-down
  rm -rf "$work"
  echo "The demo server and its images are gone. What was built is in $root/build, and for the next time in $LABGPU_TEST_CACHE."
}

make_image() {
  local tarball
  tarball=$(testhost user-image bookworm plain)
  testhost copy "$tarball" "$host:/var/tmp/image.tar"
  testhost exec "$host" labgpu image bootstrap --tarball /var/tmp/image.tar
  testhost exec "$host" rm /var/tmp/image.tar
}

add_alice() {
  rm -f "$work/alice.key" "$work/alice.key.pub"
  ssh-keygen -q -t ed25519 -N '' -C alice@laptop -f "$work/alice.key"
  testhost exec "$host" labgpu user add alice --key - <"$work/alice.key.pub"
}

# What a person's ~/.ssh/config would say about this server.
write_ssh_config() {
  local address=$1
  testhost exec "$host" sh -c 'cat /etc/ssh/ssh_host_*_key.pub' | sed "s/^/$address /" >"$work/known_hosts"
  cat >"$work/ssh_config" <<END
Host gpu01
  HostName $address
  User alice
  IdentityFile $work/alice.key
  IdentitiesOnly yes
  UserKnownHostsFile $work/known_hosts
END
}

log_in() {
  local ssh=(ssh -F "$work/ssh_config")
  say "alice is in a container of her own, through the standard sshd"
  show "${ssh[@]}" gpu01 'hostname; id; cat /proc/1/comm; sudo id -un'
  say "Files: scp, sftp and rsync, each way"
  rm -rf "$work/data" "$work/back"
  mkdir -p "$work/data"
  echo 'print("hello from the container")' >"$work/data/train.py"
  head -c 1000000 /dev/urandom >"$work/data/weights.bin"
  show scp -q -F "$work/ssh_config" "$work/data/train.py" gpu01:
  show "${ssh[@]}" gpu01 'ls -l train.py'
  echo 'put data/weights.bin' >"$work/batch"
  show sftp -q -F "$work/ssh_config" -b "$work/batch" gpu01
  show rsync -ai -e "ssh -F $work/ssh_config" "$work/data" gpu01:
  show rsync -ai -e "ssh -F $work/ssh_config" gpu01:data/ "$work/back"
  cmp "$work/data/weights.bin" "$work/back/weights.bin"
  say "The server itself stays the administrators'"
  show testhost exec "$host" labgpu status
}

main() {
  mkdir -p "$work"
  install_requirements "${demo_requirements[@]}"
  quietly "a Docker daemon on this machine" testhost docker-up
  quietly "building the packages" "$root/tests/run/packages.sh"
  quietly "a Debian 12 for the server (the first time: a minute)" testhost image bookworm
  testhost down "$host"
  quietly "booting the server" testhost up "$host" bookworm
  quietly "installing labgpu there" testhost install "$host" "$root/build/packages"
  quietly "labgpu setup" testhost exec "$host" labgpu setup
  quietly "an image for the users (the first time: half a minute)" make_image
  quietly "labgpu user add alice" add_alice
  write_ssh_config "$(testhost ip "$host")"
  log_in
  say "Try it by hand:"
  echo "  ssh -F $work/ssh_config gpu01"
  echo "  $root/tests/e2e/testhost.sh exec $host labgpu --help    (the administrator's side)"
  echo "  $root/demo.sh --stop                                   (removes it all)"
}

((EUID == 0)) || { echo "demo.sh: run it as root: it installs packages and starts a server" >&2; exit 1; }
case ${1:-} in
  '') main ;;
  --stop) stop ;;
  *)
    echo "usage: ./demo.sh [--stop]" >&2
    exit 2
    ;;
esac
