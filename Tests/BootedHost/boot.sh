#!/bin/bash
# Boots a Debian with systemd as its first process, in namespaces of its own (mounts, processes, network, IPC, host name, cgroups),
# on a layer above a base that stays as it is. To be started as `unshare --mount --propagation private bash boot.sh …`.
# Prints the number of its first process when the host is up, and again after every reboot; ends when its standard input does.
#   boot.sh IMAGE STAGE CHECKOUT
# STAGE, what `make install DESTDIR=` filled, is laid into it (`-`: nothing); CHECKOUT is seen under its own name, read-only.
set -euo pipefail
image=$1 stage=$2 checkout=$3

# A cgroup tree of the new kind, whatever the machine's own is: systemd-nspawn gives the host a part of what is mounted here.
umount -R /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup
before=/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)
group=/sys/fs/cgroup/sojourn-booted-$$
mkdir "$group"
echo $$ > "$group/cgroup.procs"

# The layer is memory, and gone with this process.
place=$(mktemp -d /tmp/sojourn-booted.XXXXXX)
mount -t tmpfs -o mode=0755 none "$place"
mkdir "$place/upper" "$place/work" "$place/root"
mount -t overlay overlay -o "lowerdir=$image,upperdir=$place/upper,workdir=$place/work" "$place/root"
if [ "$stage" != - ]; then cp -a "$stage/." "$place/root/"; fi
echo "sojourn-booted" > "$place/root/etc/hostname"
# `--keep-unit --register=no`: no systemd of the machine's knows this host. A host that reboots has systemd-nspawn end with 133.
boot() {
  while true; do
    status=0
    env SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 setpriv --pdeathsig KILL systemd-nspawn --quiet --register=no --keep-unit --private-network --boot \
      --directory="$place/root" --bind-ro="$checkout" --capability=CAP_AUDIT_CONTROL,CAP_AUDIT_WRITE --system-call-filter=@keyring --console=pipe \
      < /dev/null > "$place/console" 2>&1 &
    nspawn=$!
    announce "$nspawn" &
    wait "$nspawn" || status=$?
    [ "$status" -eq 133 ] || break
  done
  cat "$place/console" >&2
}

# Prints the first process's number when the host is up.
announce() {
  local first state
  while kill -0 "$1" 2> /dev/null; do
    first=$(pgrep -P "$1" | head -n 1 || true)
    if [ -n "$first" ]; then
      state=$(nsenter -t "$first" --all systemctl is-system-running --wait 2> /dev/null || true)
      case $state in running | degraded) echo "$first"; return ;; esac
    fi
    sleep 0.05
  done
}

finish() {
  cd /
  echo $$ > "$before/cgroup.procs"
  echo 1 > "$group/cgroup.kill"
  while grep -q 1 <(grep populated "$group/cgroup.events"); do sleep 0.02; done
  find "$group" -depth -type d -exec rmdir {} + 2> /dev/null || true
  umount -l "$place/root" "$place" 2> /dev/null || true
  rmdir "$place" 2> /dev/null || true
}
trap finish EXIT

boot &
cat > /dev/null
