#!/usr/bin/env bash
# On any machine with the .NET SDK: the agent for a Jetson as one archive, to be unpacked in /.
#   deploy/jetson/build.sh [--natives DIR] [--out DIR]      DIR of natives.sh; without it the archive waits for them in /opt/edge-agent
set -euo pipefail
cd "$(dirname "$0")/../.."
natives='' out=$PWD/out/jetson
while [ $# -gt 0 ]; do
  case $1 in
    --natives) natives=$(realpath "$2"); shift 2 ;;
    --out) out=$(realpath -m "$2"); shift 2 ;;
    -h | --help) sed -n '2,3s/^# *//p' "$0"; exit 0 ;;
    *) echo "build.sh: what is '$1'? (--natives DIR, --out DIR)" >&2; exit 2 ;;
  esac
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
# Built apart: the repository's own bin and obj folders are left as they are.
dotnet publish src/EdgeAgent -c Release -r linux-arm64 --self-contained -p:Accelerator=jetson -p:PublishDocumentationFiles=false --artifacts-path "$work/build" -v quiet --nologo -o "$root/opt/edge-agent"
if [ -n "$natives" ]; then
  for library in libonnxruntime.so libOpenCvSharpExtern.so; do
    [ -f "$natives/$library" ] || { echo "build.sh: $natives has no $library; deploy/jetson/natives.sh makes it" >&2; exit 1; }
  done
  cp "$natives"/*.so "$root/opt/edge-agent/"
else
  rm -f "$root/opt/edge-agent/libonnxruntime"*.so   # the package's knows no GPU
fi
install -D -m 644 deploy/systemd/edge-agent.service "$root/etc/systemd/system/edge-agent.service"
for folder in sysusers.d tmpfiles.d; do install -D -m 644 "deploy/systemd/$folder/edge-agent.conf" "$root/etc/$folder/edge-agent.conf"; done
install -D -m 644 deploy/jetson/edge-agent.conf "$root/etc/systemd/system/edge-agent.service.d/jetson.conf"
install -D -m 644 deploy/jetson/edge-power.service "$root/etc/systemd/system/edge-power.service"
mkdir -p "$out"
tar -C "$root" --owner=0 --group=0 -czf "$out/edge-agent-jetson.tar.gz" opt etc
echo "$out/edge-agent-jetson.tar.gz"
