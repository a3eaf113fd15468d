#!/usr/bin/env bash
# Writes the table of all threshold methods into docs/accuracy.md.
#   build/thresholds.sh DATASETS [MODELS]
# DATASETS holds data sets in the MVTec layout; a model that MODELS (default: out/thresholds) lacks is trained first.
set -euo pipefail
datasets=$(realpath "$1")
cd "$(dirname "$0")/.."
models=${2:-out/thresholds}
dotnet build -c Release -v quiet --nologo src/Trainer >&2
trainer=src/Trainer/bin/Release/net10.0/edge-trainer

section=$(mktemp); trap 'rm -f "$section"' EXIT
for data in "$datasets"/*/; do
    [ -d "$data/test/good" ] || continue
    name=$(basename "$data")
    [ -f "$models/$name/current" ] || "$trainer" train --method patchcore --data "$data" --name "$name" --models "$models" --coreset 0.05 >&2
    count() { find "$@" -type f | wc -l; }
    printf '### %s\n%s normal and %s anomalous test pictures.\n\n' "$name" "$(count "$data/test/good")" "$(count "$data/test" -not -path '*/good/*')" >> "$section"
    "$trainer" calibrate --package "$models/$name" --data "$data" --all --markdown | sed -E '/^(evaluating|warning)/d' >> "$section"
    echo >> "$section"
done

# Between the two markers.
awk -v section="$section" '
    /<!-- thresholds: end -->/ { skip = 0 }
    !skip { print }
    /<!-- thresholds: begin -->/ { while ((getline line < section) > 0) print line; skip = 1 }' docs/accuracy.md > "$section.md"
cat "$section.md" > docs/accuracy.md
rm "$section.md"
