#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Every compiler and level of optimisation gives the result files of the example the same bytes. Usage: compilers.sh WORK
# WORK: the folder of run.sh, whose build of this machine the others are compared with.
set -eu
[ $# = 1 ] || { echo "usage: compilers.sh WORK" >&2; exit 2; }
cd "$(dirname "$0")/../.."
work=$(cd "$1" && pwd)
sh examples/install_packages.sh build tests compilers

try() { # compiler, flags, linker
    build=$work/$(echo "$1 $2" | tr ' =' --)
    cmake -S . -B "$build" -G Ninja -DCMAKE_C_COMPILER="$1" -DCMAKE_BUILD_TYPE=None -DCMAKE_C_FLAGS="$2" \
        -DCMAKE_EXE_LINKER_FLAGS="-fuse-ld=${3:-bfd}" -DCMAKE_SHARED_LINKER_FLAGS="-fuse-ld=${3:-bfd}" -DCMAKE_COMPILE_WARNING_AS_ERROR=ON
    cmake --build "$build" --target cellseg_command_line
    ctest --test-dir "$build" -R '^examples/results$' --no-tests=error --output-on-failure
    diff "$work/native/tests/results/sums" "$build/tests/results/sums"
}
for level in -O0 -O1 -O2 -O3; do
    try gcc $level
done
try gcc "-O3 -flto"
try clang -O2
try clang "-O3 -flto=thin" lld

# Code whose float is computed with more digits is refused.
if gcc -mfpmath=387 -std=c11 -Iinclude -Ilib -fsyntax-only lib/core/fmath.c 2>"$work/refused"; then
    echo "-mfpmath=387 was not refused"
    exit 1
fi
grep 'error "libcellseg needs FLT_EVAL_METHOD 0' "$work/refused"
