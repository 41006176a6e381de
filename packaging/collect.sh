#!/bin/sh
# Puts one built file into its place, stripped; replaced by rename, because it may be in use.
set -eu
kind=$1 from=$2 to=$3
case $kind in
  module) strip --strip-unneeded -o "$to.new" "$from" ;;
  program) strip -o "$to.new" "$from" ;;
  *) echo "usage: collect.sh module|program FROM TO" >&2; exit 64 ;;
esac
chmod 0755 "$to.new"
mv -f "$to.new" "$to"
