#!/bin/sh
# The quick tests, one half on each of two cores; their reports are printed one after the other.
# With a folder as argument, each half also leaves its results there, in TAP.
set -u
cd "$(dirname "$0")/.."
export PATH="$PWD/node_modules/.bin:$PATH" # the clone's own Node, whatever the host has
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
results=${1:-$temporary} # a file: Node syncs it, which no device takes
output=$temporary/second-half

half() {
  node scripts/runTests.ts --half "$1" --tap "$results/fast-$1.tap" 'src/**/*.test.ts' 'test/*.test.ts'
}

half 2 > "$output" 2>&1 &
second=$!
half 1; first_status=$?
wait $second; second_status=$?
cat "$output"
[ $first_status = 0 ] && [ $second_status = 0 ]
