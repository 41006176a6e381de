#!/bin/bash
# Sets an installed Sojourn up, the way an administrator does by hand. For private hosts: it overwrites what it configures.
#
#   set-up-sojourn.sh CA_PUBLIC_KEY
set -euo pipefail
ca=$1
examples=/usr/share/doc/sojourn/examples

getent group sojourn > /dev/null || groupadd --system sojourn
for group in dbops deploy; do    # groups of this host that the policy may grant
    getent group "$group" > /dev/null || groupadd --system "$group"
done

grep -qxF /usr/libexec/sojourn/shell /etc/shells || echo /usr/libexec/sojourn/shell >> /etc/shells
sed -i -E '/^(passwd|group|shadow):/ { /\<sojourn\>/! s/[[:space:]]*$/ sojourn/ }' /etc/nsswitch.conf    # last: others' names win

install -d -m 0755 /etc/sojourn /etc/sojourn/sojourn.toml.d
install -m 0644 "$ca" /etc/sojourn/user_ca.pub
cat > /etc/sojourn/sojourn.toml << 'TOML'
[certificate]
trusted_ca = ["/etc/sojourn/user_ca.pub"]

[policy]
endpoints = ["http://127.0.0.1:8181/access/v1/evaluation"]
deadline = "2s"

[host]
labels = { environment = "production", role = "database" }

[accounts]
groups = ["dbops", "deploy"]
TOML
chmod 0600 /etc/sojourn/sojourn.toml

install -m 0644 "$examples/pam.d/sshd" /etc/pam.d/sshd
install -m 0644 "$examples/sshd_config.d/00-sojourn.conf" /etc/ssh/sshd_config.d/00-sojourn.conf
