#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Both builds write the same bytes with 1, 2 and 7 threads: results of a segmentation, and simulated fields. Usage: check_results.sh CMAKE_BUILD MESON_BUILD WORK
set -eu
cd "$(dirname "$0")/../.."
image=examples/data/n2a.ome.tif
for build in "$1" "$2"; do
    for threads in 1 2 7; do
        out="$3/$(basename "$build")-$threads"
        mkdir -p "$out"
        "$build/examples/cellseg" segment --channel 0 --maps --threads $threads -o "$out" $image >/dev/null
        "$build/examples/cellseg" synth --count 3 --size 300x200 --nuclei-channel yes --threads $threads -o "$out" >/dev/null
        (cd "$out" && find . -type f -exec sha256sum -- {} + | sort) >"$out.sums"
        diff "$out.sums" "$3/$(basename "$1")-1.sums"
    done
done
