#!/bin/sh
# Puts one built file into its place, stripped; replaced by rename, because it may be in use.
set -eu
kind=$1 from=$2 to=$3
case $kind in
  module) strip --strip-unneeded -o "$to.new" "$from" ;;
  program) strip -o "$to.new" "$from" ;;
  *) echo "usage: collect.sh module|program FROM TO" >&2; exit 64 ;;
esac
# The same sources give the same bytes, wherever they are built. Two sections depend on the place: what the compiler keeps of each
# module's options, which nobody reads, and the build's id, which becomes that of the contents.
scratch=$(mktemp)
trap 'rm -f "$scratch"' EXIT
replace() { objcopy --update-section "$1=$scratch" "$to.new"; }
hashes=$(size -A -d "$to.new" | awk '$1 == ".swift_modhash" { print $2 }')
if [ -n "$hashes" ]; then
  head -c "$hashes" /dev/zero > "$scratch"
  replace .swift_modhash
fi
if objcopy --dump-section ".note.gnu.build-id=$scratch" "$to.new" /dev/null 2> /dev/null && [ -s "$scratch" ]; then
  # A note: sizes and name in its first sixteen bytes (elf(5)), then the id.
  renamed() { perl -e 'open my $f, "+<:raw", $ARGV[0] or die; seek $f, 16, 0; print $f substr(pack("H*", $ARGV[1]), 0, (-s $f) - 16)' "$scratch" "$1"; }
  renamed "$(printf '%064d' 0)"
  replace .note.gnu.build-id
  renamed "$(sha256sum "$to.new" | cut -c 1-64)"
  replace .note.gnu.build-id
fi
chmod 0755 "$to.new"
mv -f "$to.new" "$to"
