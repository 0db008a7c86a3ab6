#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The tests that take hours: every fuzzer for ten minutes, 100 kills, failing reads, writes, allocations and renames, and
# the slowest emulated processors.
# Usage: long.sh [SECONDS [WORK]]; SECONDS: of each fuzzer, 600. WORK: the folder to build in, which stays with its corpora.
# On two cores about an hour without the emulated processors; prints a table and exits 1 if anything failed.
set -u
cd "$(dirname "$0")/.." || exit 1
seconds=${1:-600}
work=${2:-$(mktemp -d)}
mkdir -p "$work"
work=$(cd "$work" && pwd)
failed=0

check() { # name, then a command, whose output is shown
    name=$1
    shift
    start=$(date +%s)
    result=ok
    "$@" >"$work/log" 2>&1 || { failed=$((failed + 1)); result=FAIL; }
    printf '%-5s %s (%d s)\n' $result "$name" $(($(date +%s) - start))
    sed 's/^/      /' "$work/log" | tail -n 60
}
quietly() { # the same for a command whose output matters only after a failure
    "$@" >"$work/build.log" 2>&1 || { tail -n 60 "$work/build.log"; return 1; }
}

build_program() {
    quietly cmake -S . -B "$work/program" -G Ninja -DCELLSEG_TESTS=OFF && quietly cmake --build "$work/program"
}
build_fuzzers() {
    quietly sh tests/fuzz/build.sh "$work/fuzz" && quietly /usr/bin/python3 tests/fuzz/make_seeds.py "$work/fuzz/seeds" &&
        cat "$work/fuzz/dependencies/report"
}
run_fuzzers() { # as many at a time as there are cores
    for source in tests/fuzz/fuzz_*.c; do
        basename "$source" .c
    done | xargs -P "$(nproc)" -n 1 sh tests/fuzz/run.sh "$work/fuzz" "$seconds"
}

sh examples/install_packages.sh build tests cellprofiler || exit 1
export CELLSEG_PROGRAM="$work/program/examples/cellseg"
check "build: program" build_program
check "build: fuzzers" build_fuzzers
check "fuzzers, $seconds s each" run_fuzzers
check "100 kills of cellseg segment" /usr/bin/python3 tests/examples/kill_runs.py 100
check "failing reads, writes, allocations, renames" /usr/bin/python3 tests/fuzz/fail_runs.py "$work/faults"
for platform in s390x riscv64; do
    check "platforms: $platform" quietly sh tests/platforms/run.sh $platform "$work/platforms"
done
check "Debian packages" quietly sh tests/packages/check_deb.sh "$work/deb"
check "networks in engines of others" quietly sh tests/packages/check_bioimageio.sh "$work/engines"
check "vcpkg, Conan, bill of materials" quietly sh tests/packages/check_recipes.sh "$work/recipes"
check "CellProfiler" quietly sh tests/packages/check_cellprofiler.sh "$work/cellprofiler"

[ $# -gt 1 ] || [ $failed != 0 ] || rm -rf "$work"
[ $failed = 0 ] || echo "$failed failed; what they left is in $work"
[ $failed = 0 ]
