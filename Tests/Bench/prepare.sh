#!/bin/bash
# Makes in build/bench what the parts of the bench have in common: programs, an authority, people with certificates, the endpoint's key.
#
#   prepare.sh CHECKOUT DIRECTORY PEOPLE
set -euo pipefail
checkout=$1 work=$2 people=$3
mkdir -p "$work"
cd "$work"
flags="-O2 -Wall -Wextra -Werror"
gcc $flags -o endpoint "$checkout/Tests/Bench/endpoint.c" -lssl -lcrypto -pthread
gcc $flags -o delay "$checkout/Tests/Bench/delay.c"
gcc $flags -o leases "$checkout/Tests/Bench/leases.c"
gcc $flags -o ask "$checkout/Tests/Bench/ask.c"
gcc $flags -o login "$checkout/Tests/Bench/login.c" -lpam -lcrypto
gcc $flags -o load-driver "$checkout/Tests/LoadDriver/main.c" -lpam

if ! [ -e authority ]; then
    ssh-keygen -q -t ed25519 -N '' -C bench -f authority
    ssh-keygen -q -t ed25519 -N '' -C bench -f host-key
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj /CN=policy.bench -addext subjectAltName=DNS:policy.bench \
        -keyout tls.key -out tls.pem 2> /dev/null
fi
# One key, and a certificate of it for everybody, for this run.
rm -rf people
mkdir -m 700 people
cd people
ssh-keygen -q -t ed25519 -N '' -C '' -f key
sign() {
    cp key.pub "$1.pub"
    ssh-keygen -q -s ../authority -I "$1@example.com" -z "$2" -n "$1" -V -1m:+8h "$1.pub"
    printf '%s\tpublickey\t%s\n' "$1" "$(cut -d ' ' -f 1,2 --output-delimiter $'\t' "$1-cert.pub")"
}
exec > list
sign peer 99999
for ((number = 0; number < people; number++)); do
    sign "$(printf 'p%05d' "$number")" $((number + 1))
done
