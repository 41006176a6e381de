#!/bin/bash
# Makes packages of a later version out of those in DIRECTORY, for an upgrade: the same files, newer.
#   next-version.sh DIRECTORY VERSION OUT
set -euo pipefail
directory=$1 version=$2 out=$3
mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for package in "$directory"/*.deb; do
  rm -rf "$work/tree"
  dpkg-deb --raw-extract "$package" "$work/tree"
  old=$(sed -n 's/^Version: //p' "$work/tree/DEBIAN/control")
  sed -i "s/^Version: .*/Version: $version/; s/(= $old)/(= $version)/g" "$work/tree/DEBIAN/control"
  dpkg-deb --root-owner-group -Znone --build "$work/tree" "$out" > /dev/null
done
