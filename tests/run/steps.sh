# Checks that are no test program's: each is run, and its result is noted where count_results.py finds it.
# Sourced; $results is the suite's folder.
# shellcheck shell=bash
: "${results:?}"

failed_steps=0

# step NAME COMMAND...
step() {
  local name=$1
  shift
  echo "--- $name"
  if "$@"; then
    echo "passed $name" >>"$results/steps"
  else
    echo "failed $name" >>"$results/steps"
    failed_steps=$((failed_steps + 1))
  fi
}

finish_steps() {
  ((failed_steps == 0)) || exit 1
}
