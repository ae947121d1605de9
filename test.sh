#!/bin/bash
# Installs what is needed and runs labgpu's tests: those of every day, or the suites that are named. As root.
set -euo pipefail

root=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
readonly root
readonly output=$root/build/test
export LABGPU_TEST_CACHE=${LABGPU_TEST_CACHE:-/var/cache/labgpu-test}
export CCACHE_DIR=$LABGPU_TEST_CACHE/ccache CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1
# shellcheck source=tests/run/requirements.sh
. "$root/tests/run/requirements.sh"

usage() {
  cat <<'END'
usage: ./test.sh [SUITE]
  (none)                    lint, unit, module, packages, e2e-everyday, faults-short and bench-short
  full                      these with the whole of e2e, asan, and differential on bookworm
  lint                      formatting and static analysis; lint-deep: the tests too, and clang's analyzer
  unit | module             GoogleTest programs, built for debugging
  asan                      both under AddressSanitizer and UndefinedBehaviorSanitizer
  packages                  build the Debian packages into build/packages and check them
  e2e [RELEASE [ARG...]]    the packages in a whole server, bookworm and trixie; pytest's arguments after that
  e2e-short [RELEASE [ARG...]]
                            e2e without the tests that take long each
  e2e-everyday              that, where what does not depend on the release is tried on one of them
  e2e-asan [RELEASE [ARG...]]
                            e2e with a sanitised labgpud and labgpu-gpus in the packages; trixie, unless it is named
  differential [RELEASE [ARG...]]
                            what people see there, compared with an ordinary account of the same server
  escape [RELEASE [ARG...]] what somebody tries there who is root in a container; e2e has the quickest attempts
  soak [RELEASE [ARG...]]   10,000 logins and 1,000 terminals, and what is left of them; e2e has a minute of it
  bench [OPTION...]         labgpu beside a host account, `docker exec` and an sshd in the container: a table and a chart
  bench-short [RELEASE]     little of each: that all four work and are of the same order; no verdict on speed
  faults [RELEASE [ARG...]] helper, Docker, sshd, inits, disks, clocks and limits break at random for ten minutes while
                            people log in; ARGs are pytest's, such as --seed 7; faults-short: a minute, on bookworm
  fuzz                      the fuzz targets under libFuzzer, a minute each; unit and module run their seeds
  vm                        a short form of e2e on a real kernel: cgroup v2, AppArmor; emulated, slow
  long                      all of these
  deps                      only install what building and testing need
END
}

# What is started there may outlive this run, as the Docker daemon does, and must not hold its lock.
testhost() {
  "$root/tests/e2e/testhost.sh" "$@" {docker_users}>&-
}

# run_suite NAME COMMAND...: COMMAND leaves its results in $output/NAME. Returns 0 also when tests failed.
run_suite() {
  local name=$1 folder=$output/$1 log=$output/$1.log started=$SECONDS
  shift
  rm -rf "$folder"
  mkdir -p "$folder"
  echo "== $name"
  if ! "$@" >"$log" 2>&1 </dev/null; then
    # A suite that broke off without a failed test of its own is a failure all the same.
    [[ $(summary "$folder") != *' 0 failed'* ]] || echo "failed suite $name" >>"$folder/steps"
    tail -n 60 "$log"
    echo "== $name failed; the whole log: $log"
  fi
  echo "== $name: $(summary "$folder") ($((SECONDS - started)) s)"
}

# A line for each test that failed, and the numbers.
count() {
  "$root/tests/run/count_results.py" "$@"
}

# The numbers.
summary() {
  count "$1" | tail -n 1
}

# build PRESET [TARGET...]
build() {
  cmake -S "$root" --preset "$1" -DCMAKE_CXX_COMPILER_LAUNCHER=ccache >/dev/null &&
    cmake --build "$root/build/$1" ${2:+--target "${@:2}"}
}

# build_and_test PRESET LABELS NAME: the test programs whose label matches; the container manager's wants a Docker.
build_and_test() {
  build "$1" && testhost docker-up &&
    GTEST_OUTPUT=xml:$output/$3/ ctest --test-dir "$root/build/$1" -L "^($2)\$" -j "$(nproc)" \
      --output-on-failure --no-tests=error
}

# lint NAME [--deep]: configuring is enough, it says how each file is compiled.
lint() {
  cmake -S "$root" --preset debug -DCMAKE_CXX_COMPILER_LAUNCHER=ccache >/dev/null &&
    "$root/tests/run/lint.sh" "$root/build/debug" "$output/$1" "${@:2}"
}

packages() {
  "$root/tests/run/packages.sh" && "$root/tests/run/check_packages.sh" "$root/build/packages" "$output/packages"
}

# end_to_end FOLDER NAME RELEASE ARG...: pytest on a server of its own.
end_to_end() {
  local folder=$1 name=$2 release=$3
  shift 3
  "$root/tests/run/packages.sh" && testhost docker-up &&
    /usr/bin/python3 -m pytest "$root/tests/$folder" --release "$release" --packages "$root/build/packages" \
      --name "$name" --junitxml "$output/$name-$release/pytest.xml" "$@"
}

e2e() {
  run_suite "e2e-$1" end_to_end e2e e2e "$1" --ignore "$root/tests/e2e/differential" \
    --ignore "$root/tests/e2e/faults" -m "not real_kernel and not thorough" "${@:2}"
}

e2e_short() {
  e2e "$1" -m "not real_kernel and not thorough and not long" "${@:2}"
}

# Of every day: what does not depend on the release is tried on one of them, half of it on each.
e2e_everyday() {
  e2e_short bookworm --either first &
  e2e_short trixie --either second
  wait $!
}

sanitised_packages() {
  build asan labgpud labgpu-gpus && "$root/tests/run/packages.sh" &&
    "$root/tests/run/sanitised_packages.sh" "$root/build/packages" "$root/build/asan" "$root/build/packages-asan"
}

end_to_end_sanitised() {
  sanitised_packages && end_to_end e2e e2e-asan "$@" --packages "$root/build/packages-asan" --sanitised
}

e2e_asan() {
  run_suite "e2e-asan-$1" end_to_end_sanitised "$1" --ignore "$root/tests/e2e/differential" \
    --ignore "$root/tests/e2e/faults" -m "not real_kernel and not thorough" "${@:2}"
}

# The table of intended differences is part of what the suite has to say.
differential() {
  run_suite "differential-$1" end_to_end e2e/differential differential "$1" "${@:2}"
  sed -n '/=== differential ===/,/^==/p' "$output/differential-$1.log" | sed '1d;$d'
}

escape() {
  run_suite "escape-$1" end_to_end e2e/escape escape "$1" "${@:2}"
}

soak() {
  run_suite "soak-$1" end_to_end e2e/soak soak "$1" --logins 10000 --terminals 1000 "${@:2}"
}

# The table of what broke and what became of the logins is what the suite has to say.
faults() {
  run_suite "faults-$1" end_to_end e2e/faults faults "$1" "${@:2}"
  sed -n '/=== faults ===/,/^what happened when/p' "$output/faults-$1.log" | sed '1d;$d'
}

faults_short() {
  run_suite faults-short-bookworm end_to_end e2e/faults faults-short bookworm --seconds 60 "$@"
}

# on_releases SUITE [RELEASE [ARG...]]: on both Debian releases at once, unless one is named.
on_releases() {
  local suite=$1
  shift
  if (($# > 0)); then
    "$suite" "$@"
  else
    "$suite" bookworm &
    "$suite" trixie
    wait $!
  fi
}

# bench RESULTS OPTION...: on Debian 13 unless --release names another.
bench() {
  "$root/tests/run/packages.sh" && testhost docker-up && "$root/tests/bench/run" --results "$@"
}

bench_short() {
  /usr/bin/python3 -m pytest "$root/tests/bench/test_rows.py" --junitxml "$output/bench-short/pytest.xml" &&
    bench "$output/bench-short" --short --name bench-short --release "${1:-trixie}"
}

fuzz() {
  install_requirements clang libclang-rt-dev && build fuzz && "$root/tests/run/fuzz.sh" "$root/build/fuzz" "$output/fuzz"
}

real_kernel() {
  install_requirements qemu-system-x86 && "$root/tests/run/packages.sh" &&
    "$root/tests/vm/run.sh" "$root/build/packages" "$output/vm"
}

run() {
  case $1 in
    lint) run_suite lint lint lint ;;
    lint-deep) run_suite lint-deep lint lint-deep --deep ;;
    unit) run_suite unit build_and_test debug unit unit ;;
    module) run_suite module build_and_test debug module module ;;
    asan) run_suite asan build_and_test asan 'unit|module' asan ;;
    packages) run_suite packages packages ;;
    e2e | differential | escape | faults | soak) on_releases "$@" ;;
    e2e-asan) e2e_asan "${2:-trixie}" "${@:3}" ;;
    e2e-short) on_releases e2e_short "${@:2}" ;;
    e2e-everyday) e2e_everyday ;;
    bench)
      run_suite bench bench "$output/bench" "${@:2}"
      cat "$output/bench/bench.txt"
      ;;
    bench-short) run_suite bench-short bench_short "${@:2}" ;;
    faults-short) faults_short "${@:2}" ;;
    fuzz) run_suite fuzz fuzz ;;
    vm) run_suite vm real_kernel ;;
    *)
      usage >&2
      exit 2
      ;;
  esac
}

# run_all SERVERS... -- SUITE...: the packages in servers, and these suites. Servers mostly wait, and the other suites
# compute: both at once.
run_all() {
  local words suite
  testhost docker-up
  run packages
  until [[ $1 == -- ]]; do
    read -ra words <<<"$1"
    run "${words[@]}" &
    shift
  done
  shift
  # The servers' tests have limits of time, compilers have none.
  renice -n 10 $$ >/dev/null
  for suite in "$@"; do run "$suite"; done
  wait
}

# A Docker daemon that was not there before goes again, unless somebody has come to use it: another test.sh, or a test
# host that is kept. Each test.sh holds a shared lock while it runs.
stop_own_docker() {
  if [[ $docker_was_running == no ]] && flock --exclusive --nonblock "$docker_users" && [[ -z $(testhost list) ]]; then
    testhost docker-down
  fi
}

((EUID == 0)) || { echo "test.sh: run it as root: it installs packages and starts test hosts" >&2; exit 1; }
install_requirements "${test_requirements[@]}"
[[ ${1:-} != deps ]] || exit 0

exec {docker_users}>>/run/labgpu-test-docker.lock
flock --shared "$docker_users"
docker_was_running=no
! testhost docker-running || docker_was_running=yes
trap stop_own_docker EXIT

rm -rf "${output:?}"
mkdir -p "$output"
case ${1:-all} in
  all) run_all e2e-everyday faults-short bench-short -- lint unit module ;;
  full) run_all e2e 'differential bookworm' faults-short bench-short -- lint unit module asan ;;
  long)
    run_all e2e 'differential bookworm' 'escape bookworm' bench-short -- lint-deep unit module asan
    run e2e-asan
    run fuzz
    run differential trixie
    run escape trixie
    run soak
    run faults
    run vm
    ;;
  *) run "$@" ;;
esac

results=$(count "$output")
echo "$results"
total=${results##*$'\n'}
[[ $total == *' 0 failed,'* && $total != '0 passed,'* ]]
