#!/bin/bash
# The demo's story, told from inside the private host. Every line with a tick was looked up just then.
set -uo pipefail
checkout=$1 python=$2
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8
cd /

# ---------------------------------------------------------------- telling

bold= dim= green= red= plain=
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
    bold=$'\e[1m' dim=$'\e[2m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'
fi
chapter() { printf '\n%s%s%s\n' "$bold" "$1" "$plain"; }
command_line() { printf '  %s$ %s%s\n' "$dim" "$1" "$plain"; }
show() { sed 's/^/    /'; }    # what a program said
so() { printf '  %s✓%s %s\n' "$green" "$plain" "$1"; }
not_so() {
    printf '  %s✗ %s%s\n' "$red" "$1" "$plain"
    printf '\nThe demo stops here. What the parts said:\n'
    for log in sojournd sshd policy; do
        printf -- '--- %s\n' "$log"
        tail -n 20 "/var/log/demo-$log.log" 2> /dev/null | show
    done
    printf -- '--- syslog\n'
    tail -n 20 /var/log/private-host.log | show
    exit 1
}
# claim TEXT COMMAND…: the command succeeds, or the story is not true.
claim() { local text=$1; shift; if "$@" > /dev/null 2>&1; then so "$text"; else not_so "$text"; fi; }
# until_so SECONDS COMMAND…
until_so() {
    local end=$((SECONDS + $1)); shift
    until "$@" > /dev/null 2>&1; do
        [ "$SECONDS" -le "$end" ] || return 1
        sleep 0.05
    done
}
none() { [ -z "$("$@" 2> /dev/null)" ]; }    # the command prints nothing

# ---------------------------------------------------------------- the host

authority=/root/user_ca
keys=/home/visitor/.ssh
journal=/var/log/demo-policy.jsonl
prepare() {
    set -e
    : > /etc/motd
    rm -f /etc/update-motd.d/*
    echo 'visitor:x:2000:2000::/home/visitor:/bin/bash' >> /etc/passwd
    echo 'visitor:x:2000:' >> /etc/group
    install -d -m 0700 -o visitor -g visitor /home/visitor $keys
    ssh-keygen -q -t ed25519 -N '' -C 'user authority' -f $authority
    for person in alice bob; do
        ssh-keygen -q -t ed25519 -N '' -C "$person" -f "$keys/$person"
        ssh-keygen -q -s $authority -I "$person@example.com" -n "$person" -z 42 -V -1m:+1h "$keys/$person.pub"
    done
    ssh-keygen -q -t ed25519 -N '' -C '' -f /etc/ssh/demo_host_key
    printf '* %s\n' "$(cat /etc/ssh/demo_host_key.pub)" > $keys/known_hosts
    chown -R visitor: $keys
    printf 'HostKey /etc/ssh/demo_host_key\nPrintLastLog no\n' > /etc/ssh/sshd_config.d/10-demo.conf
    "$checkout/packaging/demo/set-up-sojourn.sh" $authority.pub
}
listening() { : 3<> "/dev/tcp/127.0.0.1/$1"; }
start() {
    local endpoint=$checkout/Tests/PolicyEndpoint
    "$python" -B "$endpoint/policy_endpoint" --policies "$endpoint/policies" --entities "$endpoint/directory.json" \
        --log $journal > /var/log/demo-policy.log 2>&1 < /dev/null &
    /usr/sbin/sshd -D -e > /var/log/demo-sshd.log 2>&1 < /dev/null &
    /usr/sbin/sojournd > /var/log/demo-sojournd.log 2>&1 < /dev/null &
    until_so 20 listening 8181 || not_so 'the policy endpoint listens'
    until_so 20 listening 22 || not_so 'sshd listens'
    until_so 20 test -e /run/sojourn/nss/candidate || not_so 'sojournd finds the host set up'
}
as_visitor() { setpriv --reuid visitor --regid visitor --init-groups env HOME=/home/visitor TERM=dumb "$@"; }
client() {    # client PERSON OPTION…: the stock ssh client
    local person=$1; shift
    as_visitor ssh -F none -i "$keys/$person" -o IdentitiesOnly=yes -o BatchMode=yes -o "UserKnownHostsFile=$keys/known_hosts" "$@" "$person@127.0.0.1"
}
# The last question to the policy endpoint and its answer, in words.
last_decision() {
    "$python" - $journal << 'PYTHON'
import json, sys
entry = json.loads(open(sys.argv[1]).read().splitlines()[-1])
request, answer = entry["request"], entry["answer"]
labels = ", ".join(f"{name}={text}" for name, text in sorted(request["resource"]["properties"]["labels"].items()))
print(f"asked   May {request['subject']['id']} log in as {request['action']['properties']['account']}")
print(f"        on {request['resource']['id']} ({labels}), from {request['context']['source_ip']}?")
context = answer.get("context", {})
grant = context.get("host_grant", {})
if answer["decision"]:
    print(f"answer  Yes, by the policy {', '.join(entry['policies'])}:")
    print(f"        groups {', '.join(grant.get('groups', [])) or 'none'}; shell {grant.get('shell')}; at most {grant.get('max_session_seconds')} s")
else:
    print(f"answer  No, by the policy {', '.join(entry['policies'])}: {context['reason_user']['en']}")
PYTHON
}

# ---------------------------------------------------------------- alice's terminal

terminal=/var/log/demo-terminal
open_terminal() {
    mkfifo /root/keyboard
    : > $terminal
    client alice -tt < /root/keyboard > $terminal 2>&1 &
    session=$!
    exec 4> /root/keyboard
    until_so 15 prompted || not_so 'alice has a shell'
}
screen() { tr -d '\r' < $terminal | sed 's/\x1b\[[0-9;?]*[a-zA-Z]//g; s/\x1b\][^\a]*\a//g'; }
prompted() { case $(screen | tail -n 1) in *'$ ') sleep 0.2; case $(screen | tail -n 1) in *'$ ') ;; *) false ;; esac ;; *) false ;; esac; }
typed() {    # types a line and waits for the next prompt
    local before; before=$(stat -c %s $terminal)
    printf '%s\n' "$1" >&4
    until_so 10 longer_than "$before" && until_so 10 prompted || not_so "alice's shell answers to: $1"
}
longer_than() { [ "$(stat -c %s $terminal)" -gt "$1" ]; }
on_screen() { screen | grep -qE -- "$1"; }

# ---------------------------------------------------------------- the story

(prepare) > /var/log/demo-prepare.log 2>&1 || { show < /var/log/demo-prepare.log; not_so 'the host is prepared'; }
start
printf '%sSojourn: an account for as long as a session lasts%s\n' "$bold" "$plain"
printf 'A private host with stock sshd, a policy endpoint (Cedar) and an SSH authority. This machine itself is not touched.\n'

chapter '1. Before: nobody'
command_line 'getent passwd alice; getent group alice'
{ getent passwd alice; getent group alice; } | show
claim 'The host knows no alice: no user, no group' none getent passwd alice
claim 'No process, no home, no file' none ls -A /var/lib/sojourn/home/alice

chapter '2. Alice logs in with a certificate, and the policy decides'
ssh-keygen -L -f $keys/alice-cert.pub | grep -E 'Key ID|Valid' | sed 's/^ */    /'
command_line 'ssh alice@private-host'
open_terminal
last_decision | show
claim 'The policy endpoint was asked once, and said yes' grep -q '"decision": true' $journal

chapter '3. Her shell'
typed id
typed 'pwd; ls -ld ~'
screen | sed '/^$/d' | sed '$d' | show
uid=$(getent passwd alice | cut -d : -f 3)
claim 'A number of her own, and the group dbops that the decision gave' on_screen "^uid=$uid\(alice\) gid=$uid\(alice\) groups=.*\(dbops\)"
claim 'A home that is hers alone' on_screen '^drwx------ .* alice +alice .*/var/lib/sojourn/home/alice$'
claim 'She read until when she may stay, and that the home will be removed' on_screen 'removed'

chapter '4. The account as the host sees it meanwhile'
command_line 'getent passwd alice'
getent passwd alice | show
command_line 'id alice'
id alice | show
command_line 'sojourn sessions'
sojourn sessions | show
command_line 'ps -u alice -o user,pid,args'
ps -u alice -o user,pid,args | show
claim 'Every program on the host knows her by name and by number' test "$(getent passwd "$uid")" = "$(getent passwd alice)"
claim 'The account stands in no file of /etc' none grep -l alice /etc/passwd /etc/shadow /etc/group /etc/gshadow

chapter '5. Bob has a certificate of the same authority, and is refused'
command_line 'ssh bob@private-host'
client bob -tt > /var/log/demo-bob 2>&1 < /dev/null
status=$?
tr -d '\r' < /var/log/demo-bob | show
last_decision | show
claim "Bob read the policy's own reason" grep -q 'Production database hosts are for database administrators only\.' /var/log/demo-bob
claim 'He got no shell (exit status 254) and no account' test "$status" = 254 -a -z "$(getent passwd bob)"

chapter '6. Alice logs out, and leaves something running'
typed '(setsid sleep 1000 > /dev/null 2>&1 &); echo secret > notes'
claim 'A process of hers outlives the shell for a moment' pgrep -u alice -x sleep
command_line exit
printf 'exit\n' >&4
exec 4>&-
wait "$session"
nothing_runs() { none pgrep -u "$uid"; }
account_gone() { none getent passwd alice && none getent passwd "$uid" && none getent group alice && none getent group "$uid"; }
until_so 15 account_gone

chapter '7. Afterwards: nobody'
command_line "getent passwd alice; id $uid; ps -u $uid -o args="
{ getent passwd alice; id "$uid" 2>&1; ps -u "$uid" -o args=; } | show
claim 'No account, by name or by number' account_gone
claim 'No process' nothing_runs
claim 'No home' test ! -e /var/lib/sojourn/home/alice
no_file() { none find /etc /home /root /run /tmp /var /dev/shm \( -uid "$uid" -o -gid "$uid" \) -print; }
claim 'No file of hers anywhere' no_file
no_session() { none pgrep -x sleep && ! sojourn sessions | grep -q alice; }
claim 'No session' no_session

chapter '8. What stays is evidence'
command_line 'cat /var/log/sojourn/audit.jsonl'    # in columns here
"$python" - /var/log/sojourn/audit.jsonl > /var/log/demo-audit << 'PYTHON'
import json, sys
for line in open(sys.argv[1]):
    entry = json.loads(line)
    if entry["event"] in ("grant", "refusal", "session-end", "lease-end"):
        print(f"{entry['time']}  {entry['event']:12} {entry['message']}")
PYTHON
show < /var/log/demo-audit
for fact in 'grant .*alice' 'refusal .*bob' 'session-end .*alice' 'lease-end .*alice'; do
    claim "On record: ${fact/ .\*/ of }" grep -q "$fact" /var/log/demo-audit
done
claim "Her number $uid is hers for ever: nobody else will get it on this host" test "$(readlink "/var/lib/sojourn/uids/$uid")" = alice
printf '\n%sAll of it was so.%s\n' "$bold" "$plain"
