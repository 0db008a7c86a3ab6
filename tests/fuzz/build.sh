#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Build the fuzzers with clang and the sanitizers, on libraries from tests/dependencies.sh. Usage: build.sh FOLDER
# FOLDER/build/tests/fuzz_* are the fuzzers. FOLDER/dependencies/report says which libraries the sanitizers watch: one that could not
# be built is the system's.
set -eu
[ $# = 1 ] || { echo "usage: build.sh FOLDER" >&2; exit 2; }
cd "$(dirname "$0")/../.."
mkdir -p "$1"
folder=$(cd "$1" && pwd)
flags="-g -O1 -fno-omit-frame-pointer -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all"
[ -e "$folder/dependencies/report" ] || CC=clang CFLAGS=$flags sh tests/dependencies.sh "$folder/dependencies" || true
PKG_CONFIG_PATH=$folder/dependencies/lib/pkgconfig cmake -S . -B "$folder/build" -G Ninja -DCMAKE_C_COMPILER=clang -DCELLSEG_FUZZ=ON \
    -DCELLSEG_SANITIZE=address,undefined,fuzzer-no-link -DCMAKE_BUILD_TYPE=RelWithDebInfo -DPKG_CONFIG_ARGN=--static
cmake --build "$folder/build" --target cellseg_fuzzers
