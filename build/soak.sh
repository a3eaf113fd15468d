#!/usr/bin/env bash
# The soak test for as long as you like, of copies of the programs, so that the repository can be worked on meanwhile.
#   build/soak.sh [MINUTES]        30 by default; the report grows in out/soak/report.txt
set -euo pipefail
cd "$(dirname "$0")/.."
out=$PWD/out/soak
mkdir -p "$out"
dotnet build -c Release -v quiet --nologo tests/EndToEnd.Tests
rm -rf "$out/agent" "$out/trainer" "$out/tests"
cp -r src/EdgeAgent/bin/Release/net10.0 "$out/agent"
cp -r src/Trainer/bin/Release/net10.0 "$out/trainer"
cp -r tests/EndToEnd.Tests/bin/Release/net10.0 "$out/tests"
export EDGE_SOAK_MINUTES=${1:-30} EDGE_SOAK_REPORT=$out/report.txt EDGE_AGENT=$out/agent/edge-agent EDGE_TRAINER=$out/trainer/edge-trainer
"$out/tests/EndToEnd.Tests" -class "Edge.Tests.Soak.SoakTests"
cat "$out/report.txt"
