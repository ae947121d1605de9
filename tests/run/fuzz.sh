#!/bin/bash
# Each fuzz target for a minute, on from its seeds; inputs that break a promise stay in the results.
# usage: fuzz.sh BUILD_FOLDER RESULTS_FOLDER
set -euo pipefail

root=$(cd "$(dirname "$(readlink -f "$0")")/../.." && pwd)
build=$1
results=$2
# shellcheck source=tests/run/steps.sh
. "$root/tests/run/steps.sh"

# The first folder gets what libFuzzer finds. An input is kept small: a longer one is slower, not different.
fuzz() {
  local name=$1
  mkdir -p "$results/$name"
  "$build/tests/fuzz/fuzz_$name" -max_total_time=60 -timeout=20 -max_len=8192 -print_final_stats=1 \
    -artifact_prefix="$results/$name-" "$results/$name" "$root/tests/fuzz/seeds/$name" >"$results/$name.log" 2>&1
}

# Its log, and how it ended.
ended() {
  cat "$results/$1.log"
  wait "$2"
}

# As many at a time as there are processors: a minute is one of a processor's.
targets=("$root"/tests/fuzz/seeds/*)
targets=("${targets[@]##*/}")
declare -A running
for name in "${targets[@]}"; do
  fuzz "$name" &
  running[$name]=$!
  (($(jobs -pr | wc -l) < $(nproc))) || wait -n || true
done
for name in "${targets[@]}"; do step "$name" ended "$name" "${running[$name]}"; done
finish_steps
