#!/bin/sh
# Installs the npm packages of the lockfile where they are missing or older than it. Does nothing twice.
set -eu
cd "$(dirname "$0")/.."
if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  npm ci --no-fund --no-audit
  touch node_modules/.package-lock.json
fi
