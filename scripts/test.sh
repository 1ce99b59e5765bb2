#!/bin/sh
# What `npm test` runs, the quick things first. It stops at the first group that fails.
set -eu
cd "$(dirname "$0")/.."
export PATH="$PWD/node_modules/.bin:$PATH" # the clone's own Node, whatever the host has

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
summary="" total=0 started=$(date +%s)

# group NAME COMMAND...
group() {
  group_name=$1 group_started=$(date +%s); shift
  printf '\n── %s\n' "$group_name"
  "$@" || { printf '\n✗ %s failed; the groups after it did not run\n' "$group_name"; exit 1; }
  seconds=$(($(date +%s) - group_started))
  summary="$summary  ✓ $(printf '%-14s %5s s' "$group_name" "$seconds")
"
}

# Node's own report goes to the terminal; its TAP form is kept to be counted.
tests() {
  node scripts/runTests.ts --tap "$results/tap" "$@" || return 1
  count "$results/tap"
}

fast_tests() {
  scripts/fast-tests.sh "$results" || return 1
  count "$results/fast-1.tap" && count "$results/fast-2.tap"
}

# What the last release promised must still be there: docs/api.md, "What is promised".
contract() {
  buf lint && buf breaking --against proto/socle.v1.binpb
}

count() {
  passed=$(sed -n 's/^# pass //p' "$1")
  [ "${passed:-0}" -gt 0 ] || { echo "no test was run"; return 1; }
  total=$((total + passed))
}

group "types" tsc -p .
group "lint" oxlint
group "format" oxfmt --check
group "contract" contract
group "fast tests" fast_tests
# Two at a time, those that take longest first, so that neither processor waits at the end. The first of the slow ones makes
# what builds and machines need: host packages, lock, tools tree, the example's release.
group "commands" tests --at-once 2 test/start/start.test.ts 'test/model/*.test.ts' 'test/commands/*.test.ts'
vm=test/vm build=test/build
group "builds" tests --at-once 2 $build/withoutRoot.test.ts $build/interrupted.test.ts "$build/*.test.ts"
group "machines" tests --at-once 2 $vm/updateFailures.test.ts $vm/update.test.ts $vm/life.test.ts $vm/secureBoot.test.ts \
  $vm/levels.test.ts $vm/debug.test.ts "$vm/*.test.ts"

printf '\n%s\n  %s tests passed in %s s\n' "$summary" "$total" "$(($(date +%s) - started))"
