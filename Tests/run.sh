#!/usr/bin/env bash
# Runs the tests that `swift build --build-tests` has built, in parts: most of them wait for programs of a host more than they
# compute, so two parts run beside each other; those that load the machine run by themselves. All run, whatever fails.
#
# A test that fails in a part is run once more, by itself, when all parts are done. A part with a test that fails again has
# failed; one that then passes is named at the end as unsteady: it is to be mended, and it is no reason to trust less what the
# others found. More than three failures in a part are not repeated.
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

# The names of the tests that failed in a part, a line each; nothing where the part ended in another way (a crash, say).
failures() {
  sed -nE 's/^✘ Test ([A-Za-z0-9_]+)\([^ ]*\) .*failed after .*/\1/p' "$logs/$1" | sort -u
}
# Runs again what failed in a part, by itself.
again() {
  local name=$1 test names
  names=$(failures "$name")
  # Each test that failed is among them, or it would go unasked.
  [ -n "$names" ] && [ "$(wc -l <<< "$names")" -le 3 ] || return 1
  [ "$(wc -l <<< "$names")" = "$(grep -E '^✘ Test .* failed after ' "$logs/$name" | grep -vc '^✘ Test run with ')" ] || return 1
  for test in $names; do
    part "$name.$test" --filter "/$test\(" || return 1
    grep -q 'Test run with [1-9]' "$logs/$name.$test" || return 1
    unsteady+=("$name: $test")
  done
}

options=("$@")
unsteady=()
broken=()
python=${SOJOURN_PYTHON:-.venv/bin/python}
"$python" -m unittest discover -q -s Tests/PolicyEndpoint -t Tests/PolicyEndpoint || failed=1
begin=$SECONDS
# Hosts that boot, that wait for a policy, or that are only looked at; all other hosts; all that needs none.
slow='HostTests\.(Booted|Reevaluation|EndWarning|Approval|BreakGlass|Relay|Explain|EndpointCheck|PolicyThreat|Damage|Agent|LocalRequire|KeyboardInteractive|Sudo)'
# They fill the machine with processes that fork, and count what others are granted in seconds.
storms='AccountsTests\.(ProcessEnd|Escape|HostileHome)Tests|DaemonTests\.TrimTests|HostTests\.BootedReachTests'
alone='LoadTests\.|PolicyTests\.BehaviourTests'
# One system call of a login disturbed at a time; packages on booted hosts. Both take minutes and wait for much.
last='FaultTests\.|PackageTests\.'
declare -A running
beside() { part "$@" & running[$1]=$!; }
await() {
  local name
  for name in "$@"; do wait "${running[$name]}" || broken+=("$name"); done
}
beside slow --filter "$slow" --skip "$storms"
beside hosts --filter 'HostTests\.' --skip "$slow|$storms"
beside others --skip "HostTests\.|$storms|$alone|$last"
await slow hosts others
beside storms --filter "$storms"; await storms
beside alone --filter "$alone"; await alone
beside faults --filter 'FaultTests\.'
beside packages --filter 'PackageTests\.'
await faults packages
for name in slow hosts others storms alone faults packages; do tell "$name"; done
# What went wrong stands last, where it is seen.
for name in "${broken[@]}"; do
  echo "--- $name, what failed"
  grep -E '^(✘|↳)|error:|Fatal' "$logs/$name" | head -n 60
  again "$name" && continue
  failed=1
  for log in "$logs/$name".*; do [ -e "$log" ] && echo "--- again:" && grep -E '^(✘|↳)|error:' "$log" | head -n 20; done
done
for test in "${unsteady[@]}"; do echo "unsteady: $test failed beside others and passed by itself"; done
echo "tests: $((SECONDS - begin)) s, $([ $failed = 0 ] && echo passed || echo FAILED)"
exit $failed
