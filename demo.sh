#!/usr/bin/env bash
# From a fresh clone to verdicts: installs what is missing, builds, renders pictures of a machined part, trains a detector
# on the normal ones and starts the agent with its own broker. Extra arguments go to `edge-agent demo`.
set -euo pipefail
cd "$(dirname "$0")"

build/needs.sh run
dotnet build -c Release -v quiet --nologo src/EdgeAgent
dotnet build -c Release -v quiet --nologo src/Trainer
agent=src/EdgeAgent/bin/Release/net10.0/edge-agent trainer=src/Trainer/bin/Release/net10.0/edge-trainer

[ -d out/samples ] || "$trainer" samples --out out/samples
[ -f out/models/flange/current ] || "$trainer" train --method patchcore --data out/samples --name flange --models out/models
exec "$agent" demo --models out/models --model flange "$@"
