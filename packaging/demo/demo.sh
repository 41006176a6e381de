#!/bin/bash
# `make demo`: somebody who has no account here logs in over SSH, and leaves nothing.
#
#   demo.sh STAGE PYTHON
#
# STAGE holds what `make install DESTDIR=STAGE` made; PYTHON is that of the policy endpoint's virtual environment.
# It happens in a private host (private-host.sh) that is gone when this script is. Exits 1 if a claim of the story is not so.
set -euo pipefail
demo=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
checkout=$(cd "$demo/../.." && pwd)
stage=$(realpath -s "${1:-$checkout/build/stage}")
python=$(realpath -s "${2:-$checkout/.venv/bin/python}")    # -s: a virtual environment is known by its link

if [ "$(id -u)" -ne 0 ]; then
    echo "The demo needs root: it runs a real sshd in namespaces of its own. Run: sudo make demo" >&2
    exit 1
fi
for file in "$stage/usr/sbin/sojournd" "$python"; do
    [ -x "$file" ] || { echo "The demo misses $file. Run: make demo" >&2; exit 1; }
done
for program in sshd ssh ssh-keygen unshare nsenter setpriv ip perl; do
    PATH=$PATH:/usr/sbin:/sbin command -v "$program" > /dev/null || { echo "The demo needs $program, which is not installed." >&2; exit 1; }
done

# The host lives as long as this shell holds its standard input open.
coproc HOST {
    exec unshare --mount --pid --net --uts --ipc --fork --kill-child --propagation private \
        bash "$demo/private-host.sh" "$stage" "$checkout"
}
read -r host <&"${HOST[0]}" || { echo "The private host did not start." >&2; exit 1; }
nsenter -t "$host" --mount --pid --net --uts --ipc -- bash "$demo/story.sh" "$checkout" "$python"
