#!/bin/sh
# Makes the Debian packages of what `make` has built, and has lintian look at them.
#
#     make-deb.sh DIRECTORY
set -eu
cd "$(dirname "$0")/.."
source=$PWD
mkdir -p "$1"
out=$(cd "$1" && pwd)
rm -rf "$out"/* && mkdir "$out/sojourn"
cp -a packaging/debian "$out/sojourn/debian"
cd "$out/sojourn"
# The date of the newest entry of the changelog is the date of every file in the packages: who builds twice gets the same bytes.
SOURCE=$source SOURCE_DATE_EPOCH=$(dpkg-parsechangelog --show-field Timestamp) dpkg-buildpackage --build=binary --no-sign --no-pre-clean > "$out/log" 2>&1 || {
  tail -n 40 "$out/log" >&2
  echo "the packages could not be made; the whole log is $out/log" >&2
  exit 1
}
cd "$out"
rm -rf sojourn
lintian --fail-on error,warning --tag-display-limit 0 ./*.changes
ls -1 "$out"/*.deb
