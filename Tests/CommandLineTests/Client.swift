import Foundation

/// A client machine: a person without root, keys and certificates of ssh-keygen's, and nothing of Sojourn but the command.
enum Client {
  /// `make NAME KIND` makes a key, `certify NAME VALIDITY PRINCIPALS OPTIONS…` its certificate; `$C` is a challenge for alice; `sign …` signs with no
  /// terminal and no agent; `verified LINE CHALLENGE` asks ssh-keygen about it as a host would.
  static let prelude = """
    rm -rf /etc/sojourn; printf 'ann:x:1000:1000::/run/ann:/bin/bash\\n' >>/etc/passwd; printf 'ann:x:1000:\\n' >>/etc/group
    mkdir -p /run/ann/.ssh /run/ca; chown 1000:1000 /run/ann /run/ann/.ssh; cd /run/ann/.ssh; export HOME=/run/ann TZ=UTC
    make() { case $2 in p*) ssh-keygen -q -t ecdsa -b ${2#p} -N "$3" -C '' -f $1;; rsa*) ssh-keygen -q -t rsa -b ${2#rsa} -N "$3" -C '' -f $1;; *) ssh-keygen -q -t $2 -N "$3" -C '' -f $1;; esac; chown 1000:1000 $1 $1.pub; }
    certify() { ssh-keygen -q -s ${CA:-/run/ca/ca} -I $1@example.com -n "$3" -z 1 -V "$2" "${@:4}" $1.pub; }
    make /run/ca/ca ed25519; printf 'alice cert-authority,namespaces="sojourn" %s\\n' "$(cat /run/ca/ca.pub)" >/run/ca/allowed
    for_user() { echo "sojourn-1 host=db1 user=$1 service=login tty=tty1 until=$(date -u -d "${2:-20 minutes}" +%FT%TZ) nonce=0123456789abcdef0123456789abcdef"; }
    C=$(for_user alice)
    ann() { setpriv --reuid 1000 --regid 1000 --clear-groups setsid --wait "$@"; }
    sign() { ann $S sign "$@"; }
    verified() { { echo '-----BEGIN SSH SIGNATURE-----'; echo "$1" | fold -w 70; echo '-----END SSH SIGNATURE-----'; } >/run/ca/sig; echo "$2" | ssh-keygen -Y verify -q -f /run/ca/allowed -I alice -n ${3:-sojourn} -s /run/ca/sig >/dev/null 2>&1; echo "verified $?"; }

    """

  static func run(_ script: String) throws -> PrivateRoot.Outcome { try PrivateRoot.run(prelude + script) }
}
