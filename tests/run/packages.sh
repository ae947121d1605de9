#!/bin/bash
# Builds the Debian packages in a copy of the tree, into build/packages; does nothing when no source has changed.
set -euo pipefail

root=$(cd "$(dirname "$(readlink -f "$0")")/../.." && pwd)
readonly root
readonly copy=$root/build/package/source
readonly packages=$root/build/packages

mkdir -p "$copy"
exec 9>"$root/build/package/lock"
flock 9
changes=$(rsync -a --omit-dir-times --delete --checksum --out-format=%n \
  --exclude=/build --exclude='/.*' --exclude=/tests --exclude='/*.sh' --exclude='/*.md' \
  --exclude=/debian/labgpu/ --exclude='/debian/lib*-labgpu/' --exclude=/debian/tmp/ --exclude=/debian/.debhelper/ \
  --exclude='/debian/*.substvars' --exclude='/debian/*.debhelper*' --exclude=/debian/files \
  --exclude=/debian/debhelper-build-stamp --exclude='/obj-*' \
  "$root/" "$copy/")
if [[ -z $changes && -e $packages/build.log ]]; then
  echo "the packages in $packages are up to date"
  exit
fi

# What is there stays until the new packages are: somebody may be installing it. Without its log it counts as old, also
# when this build breaks off.
rm -f "$packages/build.log"
cd "$copy"
rm -rf ../new ../*.deb ../*.changes ../*.buildinfo
# What the compiler was told, for check_packages.sh.
PATH=/usr/lib/ccache:$PATH dpkg-buildpackage -us -uc -b 9>&- 2>&1 | tee ../build.log
mkdir ../new
cp ../*.deb ../*.changes ../*.buildinfo ../build.log ../new
rm -rf "$packages"
mv ../new "$packages"
ls -l "$packages"
