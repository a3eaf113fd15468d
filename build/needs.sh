#!/usr/bin/env bash
# Installs what the programs (run) or the tests (test) need and this machine lacks. Debian 12, Ubuntu 22.04 and 24.04.
#   build/needs.sh run|test
set -euo pipefail

missing=()
library() { ldconfig -p | grep -qF "$1 " || missing+=("$2"); }
program() { command -v "$1" > /dev/null || [ -x "/usr/sbin/$1" ] || missing+=("$2"); }
module()  { /usr/bin/python3 -c "import $1" 2> /dev/null || missing+=("$2"); }

# OpenCvSharp's native library is linked with GTK although nothing here opens a window.
library libgtk-3.so.0 libgtk-3-0
library libatomic.so.1 libatomic1
library libdrm.so.2 libdrm2
if [ "${1:-run}" = test ]; then
  program mosquitto mosquitto
  program mosquitto_sub mosquitto-clients
  program promtool prometheus
  program node nodejs
  program npm npm
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
echo "Installing with apt: ${missing[*]}"
as_root=(); [ "$(id -u)" -eq 0 ] || as_root=(sudo)
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" > /dev/null
