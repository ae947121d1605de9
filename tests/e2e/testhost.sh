#!/bin/bash
# Test hosts: whole servers (systemd, sshd, PAM, NSS, Docker) in containers, for the tests and the demo.
set -euo pipefail

die() {
  echo "testhost.sh: $*" >&2
  exit 1
}

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
readonly here
# shellcheck source=tests/e2e/images.sh
. "$here/images.sh"
# shellcheck source=tests/e2e/outer_docker.sh
. "$here/outer_docker.sh"

usage() {
  cat <<'END'
usage: testhost.sh COMMAND
  docker-up                make sure that a Docker daemon answers on this machine
  docker-down              stop it, if docker-up started it
  docker-running           succeed if one answers
  image RELEASE            make the image of a test host (bookworm or trixie); prints its name
  user-image RELEASE KIND  make a root file system for users' containers; prints its path. KIND: plain, tools, or sshd
  packages RELEASE PACKAGE...
                           fetch packages that a host has not, with what they need; prints the path of a tar
  up NAME RELEASE          start a host; prints its address
  ip NAME                  print its address
  pid NAME                 print which process of this machine its systemd is
  install NAME DIR         install the packages in DIR, without a network
  exec NAME COMMAND...     run a command there as root, with this standard input
  copy FILE NAME:PATH      copy a file there
  processors NAME LIST     let it run on these processors alone (cpuset(7): 0,2-3)
  reboot NAME              shut it down and start it again; prints its address
  down NAME                remove it and its volume
  remove-images            forget the images and root file systems, which are kept between runs
  list                     names of the hosts there are
END
}

readonly prefix=labgpu-test-
readonly inits=/run/labgpu-test-hosts

# systemd needs to manage cgroups, mounts and devices; --privileged is not used because it fails on machines whose
# own root lacks CAP_SYS_RESOURCE.
readonly capabilities=(
  SYS_ADMIN NET_ADMIN SYS_PTRACE SYS_CHROOT MKNOD SYS_MODULE NET_RAW SETFCAP AUDIT_WRITE AUDIT_CONTROL SYS_NICE
  IPC_LOCK SYS_TIME SYSLOG DAC_READ_SEARCH LINUX_IMMUTABLE
)

# Docker mounts the cgroup hierarchies read-only; they have to be writable before systemd looks at them. In a container
# systemd does not share mounts with the namespaces of its services, as it does on a server (mount_namespaces(7)).
# shellcheck disable=SC2016  # the host's shell expands it
readonly boot='
  while read -r _ where type _; do
    case $type in cgroup | cgroup2) mount -o remount,bind,rw "$where" ;; esac
  done </proc/self/mounts
  mount --make-rshared /
  exec /sbin/init'

# host_pid NAME: the process on this machine that is the host's init. Docker is asked once for each boot, because its client takes
# longer than all the rest of `exec`; that the process is still the one is seen by its cgroup.
host_pid() {
  local known=$inits/$1 pid="" id=""
  if ! { read -r pid id <"$known" && [[ $(<"/proc/$pid/cgroup") == *"$id"* ]]; } 2>/dev/null; then
    read -r pid id < <(docker inspect --format '{{.State.Pid}} {{.Id}}' "$prefix$1") || true
    [[ $pid == [1-9]* ]] || die "the host $1 does not run"
    mkdir -p "$inits"
    echo "$pid $id" >"$known.$$"
    mv "$known.$$" "$known"
  fi
  echo "$pid"
}

# in_host NAME COMMAND...: like `docker exec -i`, which takes ten times as long: it makes a container's process each time.
in_host() {
  local pid
  pid=$(host_pid "$1")
  nsenter --target "$pid" --mount --uts --ipc --net --pid --cgroup \
    env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root HOSTNAME="$1" "${@:2}"
}

address() {
  docker inspect --format '{{.NetworkSettings.IPAddress}}' "$prefix$1"
}

# Waits until the host has booted and its Docker daemon and sshd answer.
wait_until_up() {
  local name=$1 state="" deadline=$((SECONDS + 120))
  until state=$(in_host "$name" systemctl is-system-running --wait 2>/dev/null) || [[ $state == degraded ]]; do
    ((SECONDS < deadline)) || die "the host $name did not boot in 120 s (state: ${state:-none}); see: docker logs $prefix$name"
    sleep 0.3
  done
  if [[ $state == degraded ]]; then
    in_host "$name" systemctl --failed --no-legend --plain >&2
  fi
  in_host "$name" docker version >/dev/null || die "no Docker daemon answers in the host $name"
}

# Docker gives its containers no ::1, and low ports to everybody; a server has the one and not the other.
host_up() {
  local name=$1 release=$2 image options=()
  image=$(ensure_host_image "$release")
  for capability in "${capabilities[@]}"; do
    options+=(--cap-add "$capability")
  done
  docker run -d --name "$prefix$name" --hostname "$name" --label labgpu-test=host \
    --cgroupns=private --stop-signal SIGRTMIN+3 --tmpfs /run --tmpfs /run/lock \
    --sysctl net.ipv6.conf.lo.disable_ipv6=0 --sysctl net.ipv4.ip_unprivileged_port_start=1024 \
    -v "$prefix$name:/var/lib/docker" \
    --security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined \
    --device-cgroup-rule 'a *:* rwm' "${options[@]}" \
    "$image" /bin/sh -c "$boot" >/dev/null
  wait_until_up "$name"
  address "$name"
}

# All in one step, because each package needs the exact version of the others.
host_install() {
  local name=$1 dir=$2
  compgen -G "$dir/*.deb" >/dev/null || die "no packages in $dir"
  in_host "$name" rm -rf /var/tmp/labgpu-packages
  docker cp "$dir" "$prefix$name:/var/tmp/labgpu-packages"
  # shellcheck disable=SC2016  # the host's shell expands it
  in_host "$name" sh -c \
    'DEBIAN_FRONTEND=noninteractive exec apt-get install -y --allow-downgrades --no-install-recommends \
       $(find /var/tmp/labgpu-packages -maxdepth 1 -name "*.deb" ! -name "*-dbgsym_*")'
}

host_reboot() {
  docker stop -t 60 "$prefix$1" >/dev/null
  docker start "$prefix$1" >/dev/null
  wait_until_up "$1"
  address "$1"
}

host_down() {
  docker rm -f -v "$prefix$1" >/dev/null 2>&1 || true
  docker volume rm -f "$prefix$1" >/dev/null
  rm -f "$inits/$1"
}

command=${1:-}
shift || true
case $command/$# in
  docker-up/0) outer_docker_up ;;
  docker-down/0) outer_docker_down ;;
  docker-running/0) docker_answers ;;
  image/1) ensure_host_image "$1" ;;
  user-image/2) ensure_user_rootfs "$@" ;;
  packages/[2-9]) ensure_packages "$@" ;;
  up/2) host_up "$@" ;;
  ip/1) address "$1" ;;
  pid/1) host_pid "$1" ;;
  install/2) host_install "$@" ;;
  exec/[1-9]*) in_host "$@" ;;
  copy/2) docker cp "$1" "$prefix$2" ;;
  processors/2) docker update --cpuset-cpus "$2" "$prefix$1" >/dev/null ;;
  reboot/1) host_reboot "$1" ;;
  down/1) host_down "$1" ;;
  remove-images/0) remove_images ;;
  list/0) docker ps -a --filter label=labgpu-test=host --format '{{.Names}}' | sed "s/^$prefix//" ;;
  *)
    usage >&2
    exit 2
    ;;
esac
