#!/usr/bin/env bash
# On a Jetson with JetPack 6 (or in NVIDIA's container for it): builds the two native libraries that no package has for it, hours on an Orin.
#   deploy/jetson/natives.sh [OUT]      ./natives by default; a step whose library is there is left out
#   WITHOUT_TENSORRT=1                  CUDA alone
# Needs: git, g++, ninja, cmake 3.28 or newer, python3, CUDA, cuDNN and TensorRT of JetPack (apt-get install nvidia-jetpack), 20 GB of disk; 16 GB of memory or swap.
set -euo pipefail
[ "$(uname -m)" = aarch64 ] || { echo "natives.sh runs on the Jetson itself (this is $(uname -m))" >&2; exit 2; }

onnxruntime=1.31.1 opencvsharp=4.13.0.20260627 opencv=4.13.0
architecture=${CUDA_ARCHITECTURE:-87}   # Orin; 72 is Xavier, which JetPack 6 does not support
out=$(realpath -m "${1:-natives}") work=$(realpath -m "${1:-natives}").build
mkdir -p "$out" "$work"

if [ ! -f "$out/libonnxruntime.so" ]; then
  [ -d "$work/onnxruntime" ] || git clone --depth 1 --recursive --branch "v$onnxruntime" https://github.com/microsoft/onnxruntime "$work/onnxruntime"
  options=(--use_cuda --cuda_home /usr/local/cuda --cudnn_home /usr/lib/aarch64-linux-gnu)
  [ "${WITHOUT_TENSORRT:-}" = 1 ] || options+=(--use_tensorrt --tensorrt_home /usr/lib/aarch64-linux-gnu)
  (cd "$work/onnxruntime" && ./build.sh --config Release --build_shared_lib --parallel "${JOBS:-4}" --skip_tests --skip_submodule_sync "${options[@]}" \
    --cmake_extra_defines "CMAKE_CUDA_ARCHITECTURES=$architecture" onnxruntime_BUILD_UNIT_TESTS=OFF)
  find "$work/onnxruntime/build/Linux/Release" -maxdepth 1 -name 'libonnxruntime_providers_*.so' -exec cp {} "$out/" \;
  cp -L "$work/onnxruntime/build/Linux/Release/libonnxruntime.so" "$out/libonnxruntime.so"
fi

if [ ! -f "$out/libOpenCvSharpExtern.so" ]; then
  [ -d "$work/opencvsharp" ] || git clone --depth 1 --branch "$opencvsharp" https://github.com/shimat/opencvsharp "$work/opencvsharp"
  for part in opencv opencv_contrib; do
    [ -d "$work/$part" ] || git clone --depth 1 --branch "$opencv" "https://github.com/opencv/$part" "$work/$part"
  done
  cmake -G Ninja -S "$work/opencv" -B "$work/opencv-build" -D CMAKE_BUILD_TYPE=Release -D CMAKE_INSTALL_PREFIX="$work/opencv-out" -D OPENCV_EXTRA_MODULES_PATH="$work/opencv_contrib/modules" \
    -D BUILD_SHARED_LIBS=OFF -D ENABLE_CXX11=ON -D BUILD_TESTS=OFF -D BUILD_PERF_TESTS=OFF -D BUILD_EXAMPLES=OFF -D BUILD_DOCS=OFF -D WITH_GSTREAMER=OFF -D WITH_ADE=OFF -D WITH_CUDA=OFF -D OPENCV_ENABLE_NONFREE=OFF
  cmake --build "$work/opencv-build" --parallel "${JOBS:-4}"
  cmake --install "$work/opencv-build"
  cmake -G Ninja -S "$work/opencvsharp/src" -B "$work/opencvsharp-build" -D CMAKE_BUILD_TYPE=Release -D CMAKE_PREFIX_PATH="$work/opencv-out"
  cmake --build "$work/opencvsharp-build" --parallel "${JOBS:-4}"
  cp "$work/opencvsharp-build/OpenCvSharpExtern/libOpenCvSharpExtern.so" "$out/"
fi
ls -l "$out"
