#!/usr/bin/env bash
# From ten pictures to a better model, on real pictures: a model of ten normal parts inspects a lot, every part is reviewed through the page's requests, the training service makes a
# candidate of it, which watches the next lot as a shadow, is activated and inspects the third; both versions are compared on pictures that neither has seen.
#   build/loop.sh [DATA]        a data set in MVTec AD's layout; shared/datasets/magnetic_tile by default. Reports in out/loop
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p out/loop
dotnet build -c Release -v quiet --nologo tests/EndToEnd.Tests
export EDGE_LOOP=long EDGE_LOOP_REPORT=$PWD/out/loop/report.txt
if [ $# -gt 0 ]; then EDGE_LOOP_DATA=$(realpath "$1"); export EDGE_LOOP_DATA; fi
tests/EndToEnd.Tests/bin/Release/net10.0/EndToEnd.Tests -class "Edge.Tests.Loop.LoopTests" -showliveoutput
echo "out/loop/report.txt, report.1.html and report.2.html: false rejects and misses first, with heatmaps"
