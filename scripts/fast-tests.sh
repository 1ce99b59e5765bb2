#!/bin/sh
# The quick tests, one half on each of two cores; their reports are printed one after the other.
# With a folder as argument, each half also leaves its results there, in TAP.
set -u
cd "$(dirname "$0")/.."
export PATH="$PWD/node_modules/.bin:$PATH" # the clone's own Node, whatever the host has
results=${1:-/dev/null}

half() {
  tap=/dev/null
  [ ! -d "$results" ] || tap=$results/fast-$1.tap
  node --test --test-isolation=none "--test-shard=$1/2" \
    --test-reporter=spec --test-reporter-destination=stdout --test-reporter=tap --test-reporter-destination="$tap" \
    'src/**/*.test.ts' 'test/*.test.ts'
}

output=$(mktemp)
trap 'rm -f "$output"' EXIT
half 2 > "$output" 2>&1 &
second=$!
half 1; first_status=$?
wait $second; second_status=$?
cat "$output"
[ $first_status = 0 ] && [ $second_status = 0 ]
