#!/bin/sh
# Installs the npm packages of the lockfile where they are missing or older than it. Does nothing twice.
set -eu
cd "$(dirname "$0")/.."
if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  # Not `npm ci`: it refuses a lockfile without the packages of foreign platforms (darwin, win32, …), which not every
  # registry carries. This takes versions and hashes from the lockfile all the same, and leaves it as it is.
  npm install --no-save --no-fund --no-audit --loglevel=error
  touch node_modules/.package-lock.json
fi
