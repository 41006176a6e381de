#!/bin/bash
# First process of a private host: this machine's own Debian, in which everything may be changed and nothing is kept.
#
#   unshare --mount --pid --net --uts --ipc --fork --propagation private bash private-host.sh STAGE CHECKOUT
#
# STAGE is what `make install DESTDIR=STAGE` made (or - for none); CHECKOUT a directory that stays readable under its own name.
# Prints its process id, as the machine outside sees it, when the host is ready; commands are run in it with `nsenter -t PID -a`.
# The host lives as long as standard input stays open: whoever holds the other end may die in any way, and the kernel ends
# this process, with it every process of the pid namespace, and with them every mount and the memory behind it.
set -euo pipefail
stage=$1 checkout=$2
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8
umask 022

read -r pid _ < /proc/self/stat    # before our own /proc: the number by which others know this process
for path in "$stage" "$checkout"; do
    case $path in *[:,\\]*) echo "private host: an overlay cannot name $path" >&2; exit 1 ;; esac
done

mount -t proc -o nosuid,nodev,noexec proc /proc
mount -t tmpfs -o mode=0755 tmpfs /run
mkdir -p /run/layers /run/checkout
mount --bind "$checkout" /run/checkout

for name in etc usr var root home srv; do
    [ -d "/$name" ] || continue
    mkdir -p "/run/layers/$name/upper" "/run/layers/$name/work"
    chmod --reference="/$name" "/run/layers/$name/upper"
    lower=/$name
    if [ "$stage" != - ] && [ -d "$stage/$name" ]; then lower=$stage/$name:/$name; fi
    mount -t overlay -o "lowerdir=$lower,upperdir=/run/layers/$name/upper,workdir=/run/layers/$name/work" "private-$name" "/$name"
done
mount -o remount,bind,ro /         # what is not laid over cannot be written either
mount -t tmpfs -o mode=1777 tmpfs /tmp
if ! [ -e "$checkout" ]; then mkdir -p "$checkout"; fi
mount --bind /run/checkout "$checkout"
mount -o remount,bind,ro "$checkout"
mount -t tmpfs -o mode=0755 tmpfs /run    # covers the layers: nothing in the host can reach them

mount -t sysfs -o ro,nosuid,nodev,noexec sysfs /sys
mount -t tmpfs -o mode=0755,nosuid tmpfs /dev
mkdir /dev/pts /dev/shm
mount -t devpts -o newinstance,gid=5,mode=0620,ptmxmode=0666 devpts /dev/pts
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs /dev/shm
for device in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0; do
    IFS=: read -r name major minor <<< "$device"
    mknod -m 0666 "/dev/$name" c "$major" "$minor"
done
ln -s pts/ptmx /dev/ptmx
ln -s /proc/self/fd /dev/fd
ln -s /proc/self/fd/0 /dev/stdin
ln -s /proc/self/fd/1 /dev/stdout
ln -s /proc/self/fd/2 /dev/stderr

ip link set lo up
hostname private-host
printf '127.0.0.1 localhost private-host\n::1 localhost\n' > /etc/hosts
echo private-host > /etc/hostname
mkdir -p /run/sshd /run/lock
: > /run/utmp
mount --bind /proc/sys /proc/sys          # some of it is the whole machine's
mount -o remount,bind,ro /proc/sys

# There is no journal here: what is sent to syslog goes to a file.
: > /var/log/private-host.log
perl -MSocket -MIO::Handle -e '
    socket(my $socket, AF_UNIX, SOCK_DGRAM, 0) or die "socket: $!";
    bind($socket, sockaddr_un("/dev/log")) or die "bind: $!";
    chmod 0666, "/dev/log";
    open(my $log, ">>", "/var/log/private-host.log") or die "log: $!";
    $log->autoflush(1);
    print "ready\n"; close(STDOUT);
    while (defined recv($socket, my $line, 8192, 0)) { $line =~ s/[\r\n\0]+$//; print $log "$line\n"; }
' < /dev/null > /run/collector &
until [ -s /run/collector ]; do sleep 0.01; done
rm /run/collector

printf '%s\n' "$pid"
exec 1>&- 2>&-
while read -r _; do :; done
