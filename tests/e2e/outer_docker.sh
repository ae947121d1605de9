# The Docker daemon of the machine that the tests run on: a running one is used; else one is started.
# Sourced by testhost.sh.
# shellcheck shell=bash

readonly outer_docker_pid=/run/labgpu-test-dockerd.pid
readonly outer_docker_log=/var/log/labgpu-test-dockerd.log

docker_answers() {
  timeout 10 docker version >/dev/null 2>&1
}

# Without systemd nobody may have mounted the cgroup hierarchies yet. A controller that somebody uses in a hierarchy of
# version 1 is missing in version 2's.
mount_cgroups() {
  if mountpoint -q /sys/fs/cgroup; then
    return
  fi
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
  if grep -qw memory /sys/fs/cgroup/cgroup.controllers; then
    return
  fi
  umount /sys/fs/cgroup
  mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
  local controller
  while read -r controller; do
    mkdir -p "/sys/fs/cgroup/$controller"
    # One that this kernel or namespace does not give is one that Docker does without.
    mount -t cgroup -o "$controller" cgroup "/sys/fs/cgroup/$controller" || rmdir "/sys/fs/cgroup/$controller"
  done < <(awk '!/^#/ && $4 == 1 { print $1 }' /proc/cgroups)
  mkdir -p /sys/fs/cgroup/systemd
  mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd
}

start_dockerd() {
  mount_cgroups
  setsid dockerd --pidfile "$outer_docker_pid" >>"$outer_docker_log" 2>&1 </dev/null &
  local deadline=$((SECONDS + 60))
  until docker_answers; do
    ((SECONDS < deadline)) || die "dockerd did not start in 60 s; see $outer_docker_log"
    sleep 0.5
  done
}

# Hosts of both releases come up at once: one of them starts the daemon, which does not inherit the lock.
outer_docker_up() {
  local lock
  exec {lock}>/run/labgpu-test-dockerd.lock
  flock "$lock"
  ensure_docker_answers {lock}>&-
  exec {lock}>&-
}

ensure_docker_answers() {
  if docker_answers; then
    return
  fi
  command -v dockerd >/dev/null || die "Docker is not installed; run: apt-get install docker.io"
  if [[ $(ps -o comm= -p 1) == systemd ]]; then
    systemctl start docker
  else
    start_dockerd
  fi
}

outer_docker_down() {
  [[ -f $outer_docker_pid ]] || return 0
  kill "$(<"$outer_docker_pid")"
  local deadline=$((SECONDS + 30))
  while [[ -f $outer_docker_pid ]]; do
    ((SECONDS < deadline)) || die "dockerd (process $(<"$outer_docker_pid")) did not stop in 30 s"
    sleep 0.5
  done
}
