#!/bin/sh
# Builds the packages twice, from two clones in two directories, and compares them byte for byte.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for copy in one another-place; do
  git clone --quiet . "$work/$copy"
  make -C "$work/$copy" deb > "$work/$copy.log" 2>&1 || { tail -n 30 "$work/$copy.log" >&2; exit 1; }
done
status=0
for package in "$work"/one/build/deb/*.deb; do
  name=$(basename "$package")
  if cmp -s "$package" "$work/another-place/build/deb/$name"; then
    echo "the same: $name $(sha256sum < "$package" | cut -c 1-64)"
  else
    echo "not the same: $name" >&2
    status=1
  fi
done
exit $status
