#!/usr/bin/env bash
# Installs what the tests need, builds everything and runs all tests. Extra arguments go to `dotnet test`.
set -euo pipefail
cd "$(dirname "$0")"

build/needs.sh test
if [ "$(node --version 2> /dev/null | sed 's/^v\([0-9]*\).*/\1/')" -ge 18 ] 2> /dev/null; then
  npm ci --prefix tests/EndToEnd.Tests/node --ignore-scripts --no-audit --no-fund --loglevel error
else
  echo "node 18 or newer is not to be had here: the tests that need it are skipped"
fi
dotnet build -c Release -v quiet --nologo Edge.sln

log=$(mktemp); trap 'rm -f "$log"' EXIT
status=0
# One test project at a time: several would fight for the cores that inference and training use.
dotnet test --solution Edge.sln -c Release --no-build --max-parallel-test-modules 1 "$@" 2>&1 | tee "$log" || status=$?
count() { sed 's/\x1b\[[0-9;]*m//g' "$log" | sed -n "s/^ *$1: \([0-9]*\).*/\1/p" | tail -1; }
echo "$(count succeeded) passed, $(count failed) failed, $(count skipped) skipped"
exit $status
