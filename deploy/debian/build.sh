#!/usr/bin/env bash
# The agent as a Debian package (Debian 12; Ubuntu is untested): out/edge-agent_VERSION_ARCH.deb. It brings .NET with it.
#   deploy/debian/build.sh [--accelerator cpu|cuda] [--version VERSION] [--out DIR]
# VERSION: default is the commit's date and hash, so that a later commit is an upgrade.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
accelerator=cpu version='' out=$repository/out
while [ $# -gt 0 ]; do
  case $1 in
    --accelerator) accelerator=$2; shift 2 ;;
    --version) version=$2; shift 2 ;;
    --out) out=$2; shift 2 ;;
    -h|--help) sed -n '2,4s/^# //p' "$0"; exit 0 ;;
    *) echo "build.sh does not know $1; see --help" >&2; exit 2 ;;
  esac
done
for program in dotnet dpkg-deb; do
  command -v $program > /dev/null || { echo "$program is needed: the .NET 10 SDK and dpkg (apt-get install dpkg)" >&2; exit 1; }
done
case $(uname -m) in
  x86_64) architecture=amd64 runtime=linux-x64 ;;
  *) echo "$(uname -m): OpenCvSharp4 has native packages for x64 only" >&2; exit 1 ;;
esac
if [ -z "$version" ]; then
  version=$(TZ=UTC git -C "$repository" show -s --date=format-local:%Y%m%d.%H%M --format=%cd+g%h) || { echo "not a git clone: say --version" >&2; exit 1; }
  git -C "$repository" diff --quiet HEAD || version=$version.changed
fi

work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
tree=$work/tree
mkdir -m 755 "$tree"
# Built apart: the repository's own bin and obj folders are left as they are.
dotnet publish "$repository/src/EdgeAgent" --artifacts-path "$work/build" -c Release -r $runtime --self-contained -p:Accelerator="$accelerator" -p:PublishDocumentationFiles=false -v quiet --nologo -o "$tree/opt/edge-agent"
install -D -m 644 "$repository/src/EdgeAgent/appsettings.json" "$tree/etc/edge/appsettings.json"
install -D -m 644 "$repository/deploy/systemd/edge-agent.service" "$tree/usr/lib/systemd/system/edge-agent.service"
install -D -m 644 "$repository/docs/licences.md" "$tree/usr/share/doc/edge-agent/copyright"
mkdir -p "$tree/usr/bin" "$tree/DEBIAN"
ln -s /opt/edge-agent/edge-agent "$tree/usr/bin/edge-agent"
find "$tree/opt" -type f -exec chmod 644 {} +
chmod 755 "$tree/opt/edge-agent/edge-agent"
[ ! -e "$tree/opt/edge-agent/createdump" ] || chmod 755 "$tree/opt/edge-agent/createdump"

# OpenCvSharp's native library is linked with GTK although nothing here opens a window.
cat > "$tree/DEBIAN/control" <<CONTROL
Package: edge-agent
Version: $version
Architecture: $architecture
Maintainer: Edge inspection <edge@localhost>
Section: misc
Priority: optional
Installed-Size: $(du -sk --apparent-size "$tree" | cut -f1)
Depends: libc6 (>= 2.34), libstdc++6, libgcc-s1, zlib1g, libssl3 | libssl3t64, ca-certificates, libgtk-3-0 | libgtk-3-0t64, libatomic1, libdrm2
Recommends: ffmpeg, libaravis-0.8-0
Suggests: mosquitto, prometheus
Description: visual inspection of a production line
 Grabs frames from cameras, runs a calibrated anomaly detector and publishes
 accept or reject for each part over MQTT.
CONTROL
echo /etc/edge/appsettings.json > "$tree/DEBIAN/conffiles"
for script in prerm postinst postrm; do install -m 755 "$here/$script" "$tree/DEBIAN/$script"; done

mkdir -p "$out"
file=$out/edge-agent_${version}_$architecture.deb
dpkg-deb --root-owner-group -Zzstd -z3 --build "$tree" "$file" > /dev/null
echo "$file"
