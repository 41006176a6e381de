#!/usr/bin/env bash
# Runs the tests that `swift build --build-tests` has built, in parts: most of them wait for programs of a host more than they
# compute, so two parts run beside each other; those that load the machine run by themselves. All run, whatever fails.
#
#     Tests/run.sh [OPTION OF swift test]...
set -uo pipefail
cd "$(dirname "$0")/.."
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
failed=0

# A part by its name, and which tests are in it.
part() {
  local name=$1
  shift
  "${SWIFT:-swift}" test --skip-build --ignore-lock "${options[@]}" "$@" > "$logs/$name" 2>&1
}
# What it printed, without the lines that say that a test began.
tell() {
  echo "--- $1"
  grep -v '^◇' "$logs/$1"
}

options=("$@")
python=${SOJOURN_PYTHON:-.venv/bin/python}
"$python" -m unittest discover -q -s Tests/PolicyEndpoint -t Tests/PolicyEndpoint || failed=1
begin=$SECONDS
# Hosts that boot, that wait for a policy, or that are only looked at; all other hosts; all that needs none.
slow='HostTests\.(Booted|Reevaluation|EndWarning|Approval|BreakGlass|Relay|Explain|EndpointCheck|PolicyThreat|Damage)'
# They fill the machine with processes that fork, and count what others are granted in seconds.
storms='AccountsTests\.(ProcessEnd|Escape|HostileHome)Tests|DaemonTests\.TrimTests|HostTests\.BootedReachTests'
alone='LoadTests\.|PolicyTests\.BehaviourTests'
# One system call of a login disturbed at a time; packages on booted hosts. Both take minutes and wait for much.
last='FaultTests\.|PackageTests\.'
part slow --filter "$slow" --skip "$storms" & one=$!
part hosts --filter 'HostTests\.' --skip "$slow|$storms" & two=$!
part others --skip "HostTests\.|$storms|$alone|$last" & three=$!
for running in $one $two $three; do wait "$running" || failed=1; done
part storms --filter "$storms" || failed=1
part alone --filter "$alone" || failed=1
part faults --filter 'FaultTests\.' & one=$!
part packages --filter 'PackageTests\.' & two=$!
for running in $one $two; do wait "$running" || failed=1; done
for name in slow hosts others storms alone faults packages; do tell "$name"; done
echo "tests: $((SECONDS - begin)) s, $([ $failed = 0 ] && echo passed || echo FAILED)"
exit $failed
