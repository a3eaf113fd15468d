#!/usr/bin/env bash
# Agent or trainer as a Debian package (Debian 12; Ubuntu is untested): out/edge-agent_VERSION_ARCH.deb. It brings .NET with it.
#   deploy/debian/build.sh [--package agent|trainer] [--accelerator cpu|cuda] [--version VERSION] [--out DIR]
# VERSION: default is the commit's date and hash, so that a later commit is an upgrade.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
kind=agent accelerator=cpu version='' out=$repository/out
while [ $# -gt 0 ]; do
  case $1 in
    --package) kind=$2; shift 2 ;;
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

package=edge-$kind
case $kind in
  agent)
    project=src/EdgeAgent user=edge configuration=appsettings.json source=src/EdgeAgent/appsettings.json
    first='describe the line in /etc/edge/appsettings.json, put a model into /var/lib/edge/models' kept='models, journal, archive and reviews'
    more=', ca-certificates' recommends='ffmpeg, libaravis-0.8-0' suggests='mosquitto, prometheus, edge-trainer'
    summary='visual inspection of a production line' text='Grabs frames from cameras, runs a calibrated anomaly detector and publishes
 accept or reject for each part over MQTT.' ;;
  trainer)
    project=src/Trainer user=edge-trainer configuration=trainer.json source=deploy/systemd/trainer.json
    first='name the products and their pictures in /etc/edge/trainer.json' kept='runs, hold-outs and models'
    more=", ca-certificates" recommends='' suggests='mosquitto, prometheus, edge-agent'
    summary='training of visual inspection models' text='Trains anomaly detectors on pictures of normal parts, calibrates a threshold,
 and publishes what passes its gates, by hand or as a service.' ;;
  *) echo "--package is agent or trainer, not $kind" >&2; exit 2 ;;
esac
state=/var/lib/$user

work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
tree=$work/tree
mkdir -m 755 "$tree"
# Built apart: the repository's own bin and obj folders are left as they are.
dotnet publish "$repository/$project" --artifacts-path "$work/build" -c Release -r $runtime --self-contained -p:Accelerator="$accelerator" -p:PublishDocumentationFiles=false -v quiet --nologo -o "$tree/opt/$package"
# libtorch's parts for Python and for its own tests.
find "$tree/opt/$package" -maxdepth 1 \( -name 'libtorch_python*' -o -name 'lib*_test.so' \) -delete
install -D -m 644 "$repository/$source" "$tree/etc/edge/$configuration"
install -D -m 644 "$repository/deploy/systemd/$package.service" "$tree/usr/lib/systemd/system/$package.service"
for folder in sysusers.d tmpfiles.d; do
  if [ -e "$repository/deploy/systemd/$folder/$package.conf" ]; then install -D -m 644 "$repository/deploy/systemd/$folder/$package.conf" "$tree/usr/lib/$folder/$package.conf"; fi
done
install -D -m 644 "$repository/docs/licences.md" "$tree/usr/share/doc/$package/copyright"
mkdir -p "$tree/usr/bin" "$tree/DEBIAN"
ln -s "/opt/$package/$package" "$tree/usr/bin/$package"
find "$tree/opt" -type f -exec chmod 644 {} +
chmod 755 "$tree/opt/$package/$package"
[ ! -e "$tree/opt/$package/createdump" ] || chmod 755 "$tree/opt/$package/createdump"

# OpenCvSharp's native library is linked with GTK although nothing here opens a window.
{
  cat <<CONTROL
Package: $package
Version: $version
Architecture: $architecture
Maintainer: Edge inspection <edge@localhost>
Section: misc
Priority: optional
Installed-Size: $(du -sk --apparent-size "$tree" | cut -f1)
Depends: libc6 (>= 2.34), libstdc++6, libgcc-s1, zlib1g, libssl3 | libssl3t64, libgtk-3-0 | libgtk-3-0t64, libatomic1, libdrm2, systemd$more
CONTROL
  [ -z "$recommends" ] || echo "Recommends: $recommends"
  cat <<CONTROL
Suggests: $suggests
Description: $summary
 $text
CONTROL
} > "$tree/DEBIAN/control"
echo "/etc/edge/$configuration" > "$tree/DEBIAN/conffiles"
for script in prerm postinst postrm; do
  sed "s|@PACKAGE@|$package|g; s|@STATE@|$state|g; s|@PRIVATE@|/var/lib/private/$user|g; s|@USER@|$user|g; s|@FIRST@|$first|g; s|@KEPT@|$kept|g" "$here/$script" > "$tree/DEBIAN/$script"
  chmod 755 "$tree/DEBIAN/$script"
done

mkdir -p "$out"
file=$out/${package}_${version}_$architecture.deb
dpkg-deb --root-owner-group -Zzstd -z3 --build "$tree" "$file" > /dev/null
echo "$file"
