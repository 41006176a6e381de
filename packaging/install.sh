#!/bin/sh
# Lays the built files out as the Debian packages do, beneath DESTDIR. Changes nothing else: no user, no /etc, no service.
set -eu
build=$1
root="${DESTDIR:-}${PREFIX:-/usr}"
lib="$root/lib/${TRIPLET:?}"
here=$(dirname "$0")
put() { install -D -m "$1" "$2" "$3"; }
put 0644 "$build/pam_sojourn.so" "$lib/security/pam_sojourn.so"
put 0644 "$build/libnss_sojourn.so.2" "$lib/libnss_sojourn.so.2"
for program in shell vacancy reaper; do put 0755 "$build/$program" "$root/libexec/sojourn/$program"; done
for program in sojourn sojournd; do put 0755 "$build/$program" "$root/sbin/$program"; done
# Most of it is for root, but anybody signs: in the PATH of people too.
mkdir -p "$root/bin"
[ -e "$root/bin/sojourn" ] || ln -sf ../sbin/sojourn "$root/bin/sojourn"  # it is, where both are one directory
put 0644 "$here/systemd/sojournd.service" "$root/lib/systemd/system/sojournd.service"
for page in how-it-works setup check configuration policies certificates operation security recovery refusals break-glass console ends evidence performance; do put 0644 "$here/../docs/$page.md" "$root/share/doc/sojourn/$page.md"; done
put 0644 "$here/../pam.d/pam-configs-sojourn" "$root/share/pam-configs/sojourn"
for service in sshd login su sudo sudo-i; do put 0644 "$here/../pam.d/$service" "$root/share/doc/sojourn/examples/pam.d/$service"; done
for page in pam_sojourn.8 libnss_sojourn.8 sojournd.8 sojourn.8 sojourn.toml.5; do
  put 0644 "$here/man/$page" "$root/share/man/man${page##*.}/$page"
done
put 0644 "$build/completions/sojourn" "$root/share/bash-completion/completions/sojourn"
put 0644 "$build/completions/_sojourn" "$root/share/zsh/vendor-completions/_sojourn"
put 0644 "$build/completions/sojourn.fish" "$root/share/fish/vendor_completions.d/sojourn.fish"
# What `sojourn setup` begins with. Not in share/doc, which small hosts leave out.
put 0644 "$here/examples/sojourn.toml" "$root/share/sojourn/sojourn.toml"
put 0644 "$here/examples/sshd_config.d/00-sojourn.conf" "$root/share/sojourn/sshd_config.d/00-sojourn.conf"
put 0644 "$here/examples/sojourn.toml" "$root/share/doc/sojourn/examples/sojourn.toml"
put 0644 "$here/examples/sshd_config.d/00-sojourn.conf" "$root/share/doc/sojourn/examples/sshd_config.d/00-sojourn.conf"
put 0644 "$here/examples/sudoers.d/sojourn" "$root/share/doc/sojourn/examples/sudoers.d/sojourn"
put 0644 "$here/logrotate/sojourn" "$root/share/doc/sojourn/examples/logrotate.d/sojourn"
(cd "$here/examples" && find policies -type f) | while read -r file; do
  put 0644 "$here/examples/$file" "$root/share/doc/sojourn/examples/$file"
done
