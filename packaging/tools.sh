#!/bin/sh
# Installs what is missing to build Sojourn on Debian (with "test", to test it; with "bench", to measure it; with "deb", to make its packages), or names it.
set -eu
build="libpam0g-dev libssl-dev libcurl4-openssl-dev libjansson-dev binutils gcc make git"
test="openssh-server openssh-client openssh-sftp-server sudo python3-venv iproute2 util-linux procps openssl login passwd strace e2fsprogs logrotate systemd-container debootstrap nghttp2-proxy man-db groff-base mandoc qrencode"
bench="valgrind curl python3"
deb="debhelper dh-nss lintian fakeroot"
case "${1:-build}" in
  build) wanted=$build ;;
  test) wanted="$build $test" ;;
  bench) wanted="$build $test $bench" ;;
  deb) wanted="$build $deb" ;;
  *) echo "usage: tools.sh build|test|bench|deb" >&2; exit 64 ;;
esac
missing=""
for package in $wanted; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q "install ok installed" || missing="$missing $package"
done
if [ -n "$missing" ]; then
  if [ "$(id -u)" -ne 0 ]; then
    echo "These Debian packages are missing, and only root can install them:$missing" >&2
    exit 1
  fi
  echo "Installing:$missing"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi
if ! command -v "${SWIFT:-swift}" >/dev/null 2>&1; then
  echo "There is no Swift toolchain on the PATH: Sojourn needs Swift 6.3 or newer (swift.org has it for Debian 12)." >&2
  exit 1
fi
version=$("${SWIFT:-swift}" --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\)\.\([0-9]*\).*/\1 \2/p' | head -n 1)
set -- $version
if [ "${1:-0}" -lt 6 ] || { [ "${1:-0}" -eq 6 ] && [ "${2:-0}" -lt 3 ]; }; then
  echo "Sojourn needs Swift 6.3 or newer; this is ${1:-?}.${2:-?}." >&2
  exit 1
fi
