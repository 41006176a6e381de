#!/bin/bash
# Makes the base of a booted host, once, and prints where it is: a Debian of its own with systemd, logind, sshd, sudo, cron, at and tmux,
# and nothing of Sojourn's. It is never changed afterwards; hosts boot on a layer above it.
#   image.sh bookworm|trixie
set -euo pipefail
suite=${1:?bookworm or trixie}
packages=systemd,systemd-sysv,dbus,libpam-systemd,openssh-server,openssh-sftp-server,sudo,cron,at,tmux,screen,procps,psmisc,iproute2,keyutils,attr,python3,login,passwd,logrotate,apparmor,man-db
case $suite in
  bookworm) packages+=,libcurl4,libjansson4,libssl3 ;;
  trixie) packages+=,libcurl4t64,libjansson4,libssl3t64 ;;
  *) echo "no packages are listed for $suite" >&2; exit 64 ;;
esac
# What a test may install on such a host, which has no network.
later=nscd
# Where this machine has its own packages from, if it is a Debian with that in its lists.
mirror=${SOJOURN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Codename: '"$suite" 'Component: main' 2> /dev/null | grep -E '^https?://.*/debian/?$' | head -n 1 || true)}
mirror=${mirror:-http://deb.debian.org/debian}
cache=${SOJOURN_IMAGES:-${XDG_CACHE_HOME:-$HOME/.cache}/sojourn-images}
image=$cache/$suite-$(printf '%s %s' "$packages" "$later" | sha256sum | cut -c 1-12)
if ! [ -e "$image/.complete" ]; then
  mkdir -p "$cache"
  exec 9> "$cache/.lock"
  flock 9 # two test runs at once make it once
  if ! [ -e "$image/.complete" ]; then
    rm -rf "$image" "$image.new"
    echo "making the base of a booted host ($suite), which takes some minutes, once" >&2
    if ! debootstrap --variant=minbase --include="$packages" "$suite" "$image.new" "$mirror" > "$image.log" 2>&1; then
      tail -n 20 "$image.log" >&2
      echo "debootstrap could not make $suite" >&2
      exit 1
    fi
    if ! (chroot "$image.new" sh -c "apt-get -qq update && mkdir /var/cache/later && cd /var/cache/later && apt-get -qq download $later") >> "$image.log" 2>&1; then
      tail -n 20 "$image.log" >&2
      echo "$later could not be had for $suite" >&2
      exit 1
    fi
    rm -rf "$image.new"/var/cache/apt/archives/*.deb "$image.new"/var/lib/apt/lists/*
    : > "$image.new/etc/machine-id" # every host is another machine
    touch "$image.new/.complete"
    mv "$image.new" "$image"
  fi
fi
echo "$image"
