#!/bin/bash
# The packages with the daemons of the asan preset in the places of theirs, for the end-to-end tests.
# usage: sanitised_packages.sh PACKAGES_FOLDER BUILD_FOLDER RESULT_FOLDER
set -euo pipefail

packages=$1
build=$2
result=$3
here=$(dirname "$(readlink -f "$0")")
readonly packages build result here

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

# put UNIT PROGRAM: PROGRAM, and what lets the sanitisers' runtime live in the unit's sandbox.
put() {
  install -m 755 "$2" "$tree/usr/libexec/labgpu/"
  install -D -m 644 "$here/sanitised.conf" "$tree/usr/lib/systemd/system/$1.d/sanitised.conf"
}

mkdir -p "$result"
rm -f "$result"/*
cp "$packages"/lib*-labgpu_*.deb "$result"
dpkg-deb -R "$packages"/labgpu_*.deb "$tree"
put labgpud.service "$build/helper/labgpud"
put labgpu-gpus@.service "$build/gpu/labgpu-gpus"
# Everybody may report; labgpu-gpus is another user each time.
install -d -m 1777 "$tree/var/log/sanitised"
# As dh_md5sums has it: without configuration files.
(cd "$tree" && find . \( -path ./DEBIAN -o -path ./etc \) -prune -o -type f -printf '%P\0' | sort -z |
  xargs -0 md5sum >DEBIAN/md5sums)
dpkg-deb -Znone -b "$tree" "$result"
