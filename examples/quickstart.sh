#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Install what is missing (Debian 12), build, and segment a real image with the embedded model. Usage: quickstart.sh [OUTDIR]
set -eu
cd "$(dirname "$0")/.."
out=${1:-quickstart}
image=examples/data/n2a.ome.tif

sh examples/install_packages.sh build
mkdir -p "$out"
cmake -S . -B "$out/build" -G Ninja -DCELLSEG_TESTS=OFF >"$out/build.log"
cmake --build "$out/build" >>"$out/build.log" || {
    tail -n 30 "$out/build.log" >&2
    exit 1
}
"$out/build/examples/cellseg" segment --channel 0 -o "$out" "$image"

echo
echo "$(($(wc -l <"$out/n2a.csv") - 1)) cells in $image. Written:"
ls -l "$out"/n2a.*
head -n 4 "$out/n2a.csv"
