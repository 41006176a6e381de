#!/bin/bash
# A real sshd, in namespaces of its own, that trusts all test authorities but the foreign one; then the client that shows
# it every certificate. Nothing of the machine is changed. Needs root.
#
#   serve.sh DIRECTORY PYTHON BEGIN     DIRECTORY holds issued.txt, hostile.txt, authorities.txt, and keys/
#
# Prints what show.py prints; sshd's log stays in DIRECTORY/sshd.log.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
if [ "${SOJOURN_INSIDE:-}" != 1 ]; then
  SOJOURN_INSIDE=1 exec unshare --mount --net --pid --ipc --uts --fork --kill-child --mount-proc --propagation private "$0" "$@"
fi
directory=$1 python=$2 begin=$3
ip link set lo up
mount -t tmpfs -o mode=0755 tmpfs /run
mkdir -m 0755 /run/sshd /run/lab
grep -v '^alice:' /etc/passwd > /run/lab/passwd
echo 'alice:*:64990:64990::/run/lab/home:/bin/sh' >> /run/lab/passwd
mount --bind /run/lab/passwd /etc/passwd
grep -v '^alice:' /etc/shadow > /run/lab/shadow
echo 'alice:*:19000::::::' >> /run/lab/shadow
chmod 0600 /run/lab/shadow
mount --bind /run/lab/shadow /etc/shadow
grep -v ' foreign_ca$' "$directory/authorities.txt" > /run/lab/authorities
chmod 0600 /run/lab/authorities
ssh-keygen -q -t ed25519 -N '' -f /run/lab/host_key
cat > /run/lab/sshd_config <<END
ListenAddress 127.0.0.1:2222
HostKey /run/lab/host_key
TrustedUserCAKeys /run/lab/authorities
AuthorizedKeysFile none
AuthenticationMethods publickey
UsePAM no
MaxAuthTries 100000
LoginGraceTime 0
MaxStartups 100
PidFile none
LogLevel VERBOSE
END
/usr/sbin/sshd -D -f /run/lab/sshd_config -E "$directory/sshd.log" &
for _ in $(seq 100); do
  if (exec 3<>/dev/tcp/127.0.0.1/2222) 2>/dev/null; then break; fi
  sleep 0.05
done
exec "$python" "$here/show.py" "$directory/keys" "$begin" "$directory"
