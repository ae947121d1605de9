#!/bin/bash
# A test host with a kernel of its own, in QEMU: cgroup v2, AppArmor, a true reboot. Same commands as testhost.sh has,
# for one host at a time; commands reach it through ssh.
set -euo pipefail

die() {
  echo "vmhost.sh: $*" >&2
  exit 1
}

here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../e2e" && pwd)
readonly here
# shellcheck source=tests/e2e/images.sh
. "$here/images.sh"

readonly run_dir=/run/labgpu-test-vm
readonly tap=labgpu-test-vm
readonly outside=172.31.77.1 inside=172.31.77.2
readonly key=$cache_dir/vm.key

usage() {
  cat <<'END'
usage: vmhost.sh COMMAND
  up NAME RELEASE          boot the machine from a fresh copy of its disk
  install NAME DIR         install the packages in DIR
  exec NAME COMMAND...     run a command there as root, with this standard input
  copy FILE NAME:PATH      copy a file there
  reboot NAME              reboot it
  down NAME                power it off
  user-image RELEASE KIND  as testhost.sh
  ip NAME, list            its address; its name when it runs
END
}

vm_packages() {
  echo "$(host_packages "$1"),linux-image-cloud-amd64,initramfs-tools,apparmor"
}

network_unit() {
  cat <<END
[Match]
Name=en* eth*
[Network]
Address=$inside/30
Gateway=$outside
END
}

# write_disk RELEASE FILE: an ext4 file system, and beside it the kernel and its initrd.
write_disk() {
  local release=$1 file=$2 tree
  tree=$(mktemp -d "$cache_dir/vm-XXXXXX")
  mmdebstrap --mode=root --format=directory --variant=minbase --include="$(vm_packages "$release")" \
    --skip=output/dev "$release" "$tree" "$(debian_mirror)"
  network_unit >"$tree/etc/systemd/network/vm.network"
  ln -s /usr/lib/systemd/system/systemd-networkd.service "$tree/etc/systemd/system/multi-user.target.wants/"
  echo vm >"$tree/etc/hostname"
  systemd-machine-id-setup --root="$tree"
  install -d -m 700 "$tree/root/.ssh"
  # sshd reads this one too, and the tests write the other.
  cp "$key.pub" "$tree/root/.ssh/authorized_keys2"
  cp "$(echo "$tree"/boot/vmlinuz-*)" "$file.kernel"
  cp "$(echo "$tree"/boot/initrd.img-*)" "$file.initrd"
  truncate -s 8G "$file"
  mke2fs -q -t ext4 -d "$tree" "$file"
  rm -rf "$tree"
}

# Prints the disk's path without its ending: .new is what `cached` calls a file until it is whole.
ensure_disk() {
  local release=$1 disk
  [[ -f $key ]] || { mkdir -p "$cache_dir" && ssh-keygen -q -t ed25519 -N '' -C vm -f "$key"; }
  disk=$cache_dir/vm-$release-$(recipe_hash "$(vm_packages "$release")" write_disk network_unit)
  cached "$disk" write_disk "$release"
  echo "$disk"
}

# Again and again, because sshd closes its port for a moment when it is reloaded.
in_host() {
  ssh -i "$key" -o IdentitiesOnly=yes -o BatchMode=yes -o ConnectTimeout=10 -o ConnectionAttempts=20 -o LogLevel=ERROR \
    -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null "root@$inside" "$(printf '%q ' "$@")"
}

wait_until_up() {
  local deadline=$((SECONDS + 300)) state=""
  until state=$(in_host systemctl is-system-running 2>/dev/null </dev/null) || [[ $state == degraded ]]; do
    ((SECONDS < deadline)) || die "the machine did not boot in 300 s (state: ${state:-none}); see $run_dir/console"
    sleep 1
  done
}

# Emulated: in machines that are virtual themselves /dev/kvm may be there, open, and never run an instruction.
# LABGPU_VM_ACCEL=kvm is for those where it works.
host_up() {
  local name=$1 release=$2 disk
  command -v qemu-system-x86_64 >/dev/null || die "QEMU is not installed; run: apt-get install qemu-system-x86"
  disk=$(ensure_disk "$release")
  mkdir -p "$run_dir"
  ip tuntap add dev "$tap" mode tap
  ip address add "$outside/30" dev "$tap"
  ip link set "$tap" up
  TMPDIR=/var/tmp qemu-system-x86_64 -name "$name" -accel "${LABGPU_VM_ACCEL:-tcg,thread=multi}" -cpu max -m 4096 -smp 2 \
    -kernel "$disk.new.kernel" -initrd "$disk.new.initrd" \
    -append 'root=/dev/vda rw console=ttyS0 apparmor=1 security=apparmor' \
    -drive "file=$disk,format=raw,if=virtio,snapshot=on" \
    -nic "tap,ifname=$tap,script=no,downscript=no,model=virtio-net-pci" -device virtio-rng-pci \
    -display none -serial "file:$run_dir/console" -daemonize -pidfile "$run_dir/pid"
  echo "$name" >"$run_dir/name"
  wait_until_up
}

host_install() {
  compgen -G "$1/*.deb" >/dev/null || die "no packages in $1"
  in_host rm -rf /var/tmp/labgpu-packages
  in_host mkdir -p /var/tmp/labgpu-packages
  find "$1" -maxdepth 1 -name '*.deb' ! -name '*-dbgsym_*' -print0 |
    tar -C / --null -T - --transform 's|.*/||' -cf - | in_host tar -C /var/tmp/labgpu-packages -xf -
  in_host sh -c 'DEBIAN_FRONTEND=noninteractive exec apt-get install -y --no-install-recommends /var/tmp/labgpu-packages/*.deb'
}

host_reboot() {
  local boot
  boot=$(in_host cat /proc/sys/kernel/random/boot_id)
  in_host systemctl reboot || true
  local deadline=$((SECONDS + 300))
  while [[ $(in_host cat /proc/sys/kernel/random/boot_id 2>/dev/null || echo "$boot") == "$boot" ]]; do
    ((SECONDS < deadline)) || die "the machine did not reboot in 300 s; see $run_dir/console"
    sleep 1
  done
  wait_until_up
}

host_down() {
  if [[ -f $run_dir/pid ]]; then
    local pid
    pid=$(<"$run_dir/pid")
    kill "$pid" 2>/dev/null || true
    while [[ -d /proc/$pid ]]; do sleep 0.2; done
  fi
  rm -rf "$run_dir"
  ! ip link show "$tap" >/dev/null 2>&1 || ip link delete "$tap"
}

command=${1:-}
shift || true
case $command/$# in
  up/2) host_up "$@" ;;
  ip/1) echo "$inside" ;;
  install/2) host_install "$2" ;;
  exec/[1-9]*) in_host "${@:2}" ;;
  copy/2) in_host sh -c "cat >${2#*:}" <"$1" ;;
  reboot/1) host_reboot ;;
  down/1) host_down ;;
  user-image/2) ensure_user_rootfs "$@" ;;
  list/0) ! cat "$run_dir/name" 2>/dev/null || true ;;
  *)
    usage >&2
    exit 2
    ;;
esac
