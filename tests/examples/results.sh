#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Segment the example and simulate fields, once with each number of threads; all files must be the same. FOLDER/sums then has their
# checksums, for comparisons with other builds. Usage: results.sh FOLDER "THREADS..." PROGRAM...; PROGRAM: cellseg, after an emulator
set -eu
cd "$(dirname "$0")/../.."
folder=$1 counts=$2
shift 2
rm -rf "$folder"
mkdir -p "$folder"
for threads in $counts; do
    out=$folder/$threads
    "$@" segment --channel 0 --save-maps --threads "$threads" -o "$out" examples/data/n2a.ome.tif >/dev/null
    "$@" synth --count 3 --size 300x200 --nuclei-channel yes --threads "$threads" -o "$out" >/dev/null
    sed -i '/"absolute":/d' "$out"/*.json # the place of the input, which a system writes in its own way
    (cd "$out" && find . -type f -exec sha256sum -- {} + | sort) >"$out.sums"
    [ -e "$folder/sums" ] || cp "$out.sums" "$folder/sums"
    diff "$folder/sums" "$out.sums"
done
