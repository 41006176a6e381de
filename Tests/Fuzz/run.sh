#!/bin/sh
# Fuzzes every parser with libFuzzer for SECONDS each (`make fuzz SECONDS=600`). What it finds worth keeping stays in
# .build-fuzz/corpus; a crash, hang or more than 512 MiB ends it with an error and leaves the input beside the corpus.
set -eu
seconds=${1:-60}
export SOJOURN_FUZZ=1 SWIFT_BACKTRACE=enable=no
scratch=.build-fuzz
grep -o '"fuzz-[a-z-]*"' Package.swift | tr -d '"' | sort -u | while read -r target; do
  "${SWIFT:-swift}" build --sanitize=fuzzer --scratch-path "$scratch" -Xcxx -DNDEBUG --product "$target"
  mkdir -p "$scratch/corpus/$target" "$scratch/found"
  seeds="Tests/Fuzz/Seeds/$target"
  [ -d "$seeds" ] || seeds=""
  "$scratch/debug/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=512 -print_final_stats=1 \
    -artifact_prefix="$scratch/found/$target-" "$scratch/corpus/$target" $seeds
done
