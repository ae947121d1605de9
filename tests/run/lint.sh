#!/bin/bash
# Formatting, static analysis, and what the sources have to keep to. usage: lint.sh BUILD_FOLDER RESULTS_FOLDER [--deep]
set -euo pipefail

root=$(cd "$(dirname "$(readlink -f "$0")")/../.." && pwd)
cd "$root"
build=$1
results=$2
cache=${LABGPU_TEST_CACHE:-/var/cache/labgpu-test}
shift 2
# shellcheck source=tests/run/steps.sh
. tests/run/steps.sh

# sources PATTERN...: NUL-terminated; found without git, which refuses a tree of another owner.
sources() {
  local names=() pattern
  for pattern in "$@"; do
    names+=(-o -name "$pattern")
  done
  find . \( -path ./build -o -path ./.git -o -path './debian/labgpu' -o -path './debian/lib*-labgpu' \) -prune -o \
    -type f \( "${names[@]:1}" \) -print0 | sort -z
}

formatted() {
  sources '*.cc' '*.h' | xargs -0 clang-format --dry-run -Werror
}

# What clang-tidy does not look for: numbers, sizes and lifetimes of C functions and containers, by cppcheck's own model of
# libraries. It sees no system headers, and looks again only at what has changed. For it a co_return ends no function.
cppcheck_sources() {
  mkdir -p "$cache/cppcheck"
  cppcheck --quiet --error-exitcode=1 -j "$(nproc)" --cppcheck-build-dir="$cache/cppcheck" --std=c++20 \
    --library=posix --enable=warning --suppress=missingReturn --suppress=nullPointerRedundantCheck --inline-suppr -I . \
    common nss_labgpu pam_labgpu init session owner gpu helper cli
}

shell_scripts() {
  { sources '*.sh'; printf '%s\0' .ci/run debian/*.postinst debian/*.prerm debian/*.postrm init/update-guest-sftp images/*/setup/* tests/bench/run tests/bench/*/run; } | xargs -0 shellcheck -x
}

python_scripts() {
  sources '*.py' | xargs -0 pyflakes3
}

# A component includes its own headers and common/'s; a test may include what it tests.
includes_stay_inside() {
  local component wrong=0
  for component in common nss_labgpu pam_labgpu helper gpu session init owner cli; do
    if grep -rnE '^#include "' "$component" --include='*.h' --include='*.cc' |
      grep -vE "#include \"(common|$component)/"; then
      wrong=1
    fi
  done
  return "$wrong"
}

first_line_says_what_for() {
  local file line wrong=0
  while IFS= read -r -d '' file; do
    IFS= read -r line <"$file" || true
    if [[ $line == '#!'* ]]; then
      line=$(sed -n 2p "$file")
    fi
    if [[ $line != '//'* && $line != '#'* ]]; then
      echo "$file: the first line has to say what the file is for"
      wrong=1
    fi
  done < <(sources '*.cc' '*.h' '*.py' '*.sh' 'CMakeLists.txt' '*.cmake')
  return "$wrong"
}

step clang-format formatted
step clang-tidy tests/run/tidy.py "$build" "$cache/tidy" "$@"
step cppcheck cppcheck_sources
step shellcheck shell_scripts
step pyflakes python_scripts
step includes includes_stay_inside
step first-lines first_line_says_what_for
finish_steps
