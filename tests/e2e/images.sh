# Root file systems for the tests and the demo: the test host's Docker image, and the users' default image as a tar.
# Sourced by testhost.sh. Everything is cached, by a hash of its recipe.
# shellcheck shell=bash
: "${here:?}"

readonly cache_dir=${LABGPU_TEST_CACHE:-/var/cache/labgpu-test}
readonly host_image=labgpu-testhost

# Programs that the differential tests run both on the host and in a container.
readonly tool_packages=(
  busybox-static expect fish htop netcat-openbsd psmisc python3 socat strace x11-utils zsh
)

# What a server has before labgpu comes: systemd, sshd, Docker; what the labgpu packages depend on, so that installing
# them needs no network; and what a user's image has, for the host accounts that tests compare with.
host_packages() {
  local release=$1
  local packages=(
    systemd systemd-sysv dbus libpam-systemd openssh-server docker.io docker-registry iproute2 iptables
    libstdc++6 libcrypt1 libsystemd0 libnss-systemd libpam-pwquality cracklib-runtime systemd-userdbd mmdebstrap
    "${tool_packages[@]}" "$(user_packages)"
  )
  case $release in
    bookworm) ;;
    trixie) packages+=(docker-cli) ;;
    *) die "no test host for the release \"$release\"; there are: bookworm trixie" ;;
  esac
  (IFS=, && echo "${packages[*]}")
}

# What `labgpu image bootstrap` puts into the users' image.
user_packages() {
  sed -n 's/^ *{"\([^"]*\)",.*/\1/p' "$here/../../cli/image/packages.h" | paste -sd ,
}

# The mirror that this machine's apt uses for Debian itself.
debian_mirror() {
  local mirror
  # shellcheck disable=SC2016  # apt's own variables
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' |
    sort -u | head -n 1)
  [[ -n $mirror ]] || die "apt knows no Debian mirror yet; run: apt-get update"
  echo "$mirror"
}

# The hooks run in a shell of mmdebstrap's, whose $1 is the new root. The machine id is made here because with an empty
# one systemd's first boot enables every unit there is. The registry runs only in the tests that pull from it. Kernel
# modules are not a container's business, and Debian 13's Docker asks for some.
# shellcheck disable=SC2016
write_host_rootfs() {
  mmdebstrap --mode=root --format=tar --variant=minbase --include="$(host_packages "$1")" \
    --customize-hook='systemd-machine-id-setup --root="$1"' \
    --customize-hook='ln -s /dev/null "$1"/etc/systemd/system/systemd-modules-load.service' \
    --customize-hook='rm "$1"/etc/systemd/system/multi-user.target.wants/docker-registry.service' \
    --customize-hook='rm -f "$1"/etc/resolv.conf "$1"/etc/hostname' \
    "$1" "$2" "$(debian_mirror)"
}

# write_user_rootfs RELEASE PACKAGES FILE
write_user_rootfs() {
  mmdebstrap --mode=root --format=tar --variant=minbase --include="$2" "$1" "$3" "$(debian_mirror)"
}

# recipe_hash TEXT FUNCTION...: changes when the text or the code of one of the functions does.
recipe_hash() {
  { echo "$1" && declare -f "${@:2}"; } | sha256sum | cut -c 1-12
}

# cached FILE COMMAND...: runs `COMMAND... FILE.new` unless FILE exists; of several callers at once, one does the work.
cached() {
  local file=$1
  shift
  mkdir -p "$cache_dir"
  exec 9>"$file.lock"
  flock 9
  if [[ ! -e $file ]]; then
    rm -f "$file.new"
    "$@" "$file.new" >&2 || die "cannot make $file; the lines above say why"
    mv "$file.new" "$file"
  fi
  exec 9>&-
}

# Images of earlier recipes go, but for those that a host still uses.
import_host_image() {
  local release=$1 tag=$2 marker=$3
  write_host_rootfs "$release" "$marker.tar"
  docker import "$marker.tar" "$tag" >/dev/null
  rm -f "$marker.tar"
  docker images --format '{{.Repository}}:{{.Tag}}' "$host_image" | grep -F ":$release-" | grep -vFx "$tag" |
    xargs -r docker rmi >/dev/null 2>&1 || true
  : >"$marker"
}

# Prints the image's name; makes it when this recipe has not been made yet.
ensure_host_image() {
  local release=$1 tag
  tag=$host_image:$release-$(recipe_hash "$(host_packages "$release")" write_host_rootfs)
  local marker=$cache_dir/${tag/:/-}
  docker image inspect "$tag" >/dev/null 2>&1 || rm -f "$marker"
  cached "$marker" import_host_image "$release" "$tag"
  echo "$tag"
}

# Prints the path of a root file system that `labgpu image bootstrap --tarball` takes. KIND: "plain" is what that
# command itself makes, "tools" has the tests' programs too, "sshd" what a container needs that is reached without labgpu.
ensure_user_rootfs() {
  local release=$1 kind=$2 packages file
  packages=$(user_packages)
  case $kind in
    plain) ;;
    tools) packages+=,$(IFS=, && echo "${tool_packages[*]}") ;;
    sshd) packages+=,openssh-server,python3 ;;
    *) die "no root file system of the kind \"$kind\"; there are: plain tools sshd" ;;
  esac
  file=$cache_dir/user-$release-$(recipe_hash "$packages" write_user_rootfs).tar
  cached "$file" write_user_rootfs "$release" "$packages"
  echo "$file"
}

# write_packages RELEASE IMAGE "PACKAGE..." FILE: an apt with the installed packages of IMAGE says what is missing there.
write_packages() {
  local release=$1 image=$2 file=$4 packages root options
  read -ra packages <<<"$3"
  root=$(mktemp -d)
  mkdir -p "$root"/{lists,archives}/partial
  docker run --rm "$image" cat /var/lib/dpkg/status >"$root/status"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(debian_mirror) $release main" >"$root/sources"
  options=(
    -qq -o "Dir::State::lists=$root/lists" -o "Dir::State::status=$root/status" -o "Dir::Etc::sourcelist=$root/sources"
    -o Dir::Etc::sourceparts=- -o "Dir::Cache=$root" -o APT::Sandbox::User=root
  )
  apt-get "${options[@]}" update &&
    apt-get "${options[@]}" install -y --no-install-recommends --download-only "${packages[@]}" &&
    tar -C "$root/archives" --exclude partial --exclude lock -cf "$file" . && rm -r "$root"
}

# Prints the path of a tar with the packages that a test host lacks for these, so that it can install them without a
# network.
ensure_packages() {
  local release=$1 image file
  shift
  image=$(ensure_host_image "$release")
  file=$cache_dir/packages-$release-$(recipe_hash "$image $*" write_packages).tar
  cached "$file" write_packages "$release" "$image" "$*"
  echo "$file"
}

# One that a host still uses stays.
remove_images() {
  docker images --format '{{.Repository}}:{{.Tag}}' "$host_image" | xargs -r -n 1 docker rmi >/dev/null 2>&1 || true
  rm -f "$cache_dir/$host_image"-* "$cache_dir"/user-* "$cache_dir"/packages-*
}
