#!/usr/bin/env bash
# Installs what the programs (run) or the tests (test) need and this machine lacks. Debian 12, Ubuntu 22.04 and 24.04.
#   build/needs.sh run|test
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin   # where ldconfig and mosquitto are for a user who is not root

missing=()
library() { ldconfig -p | grep -F "$1 " > /dev/null || missing+=("$2"); }
program() { command -v "$1" > /dev/null || missing+=("$2"); }
plugin()  { [ -e "/usr/lib/$(uname -m)-linux-gnu/gstreamer-1.0/lib$1.so" ] || missing+=("$2"); }
module()  { /usr/bin/python3 -c "import $1" 2> /dev/null || missing+=("$2"); }

# OpenCvSharp's native library is linked with GTK although nothing here opens a window.
library libgtk-3.so.0 libgtk-3-0
library libatomic.so.1 libatomic1
library libdrm.so.2 libdrm2
needed=${#missing[@]}   # the rest is for tests: one that can't be had is skipped by name
if [ "${1:-run}" = test ]; then
  library libaravis-0.8.so.0 libaravis-0.8-0
  program arv-fake-gv-camera-0.8 aravis-tools
  program ffmpeg ffmpeg
  module "gi; gi.require_version('GstRtspServer','1.0')" gir1.2-gst-rtsp-server-1.0
  plugin gstjpeg gstreamer1.0-plugins-good
  plugin gstx264 gstreamer1.0-plugins-ugly
  program mosquitto mosquitto
  program mosquitto_sub mosquitto-clients
  program debootstrap debootstrap
  program systemd-nspawn systemd-container
  program promtool prometheus
  program node nodejs
  program npm npm
  program chromium chromium
  module onnx python3-onnx
  module PIL python3-pil
  module numpy python3-numpy
  module sklearn python3-sklearn
  module skimage python3-skimage
fi

if ! command -v dotnet > /dev/null; then
  echo "The .NET 10 SDK is not installed: https://dotnet.microsoft.com/download/dotnet/10.0" >&2
  exit 1
fi
[ ${#missing[@]} -eq 0 ] && exit 0
if ! command -v apt-get > /dev/null; then
  echo "Please install these packages (Debian's names): ${missing[*]}" >&2
  exit 1
fi

as_root=(); [ "$(id -u)" -eq 0 ] || as_root=(sudo)
"${as_root[@]}" apt-get update -qq
wanted=("${missing[@]:0:needed}")
for package in "${missing[@]:needed}"; do
  if apt-get install -s -qq "$package" > /dev/null 2>&1; then wanted+=("$package")
  else echo "$package is not to be had here: the tests that need it are skipped"; fi
done
[ ${#wanted[@]} -eq 0 ] && exit 0
echo "Installing with apt: ${wanted[*]}"
# A broker or a Prometheus that a test needs must not become a service of this machine.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee $policy > /dev/null
  "${as_root[@]}" chmod +x $policy
  trap '"${as_root[@]}" rm -f $policy' EXIT
fi
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${wanted[@]}" > /dev/null
