#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Install what is missing (Debian 12), build with CMake and Meson, run every test. Takes one optional argument: a work folder.
set -u
cd "$(dirname "$0")/.." || exit 1
work=${1:-$(mktemp -d)}
mkdir -p "$work"
passed=0
failed=0
python=/usr/bin/python3 # Debian's own: its packages are the oracles

# Run one check under a name; what it prints is shown only when it fails.
check() {
    name=$1
    shift
    start=$(date +%s)
    if "$@" >"$work/log" 2>&1; then
        passed=$((passed + 1))
        echo "ok    $name ($(($(date +%s) - start)) s)"
    else
        failed=$((failed + 1))
        echo "FAIL  $name ($(($(date +%s) - start)) s)"
        sed 's/^/      /' "$work/log" | tail -n 60
    fi
}

configure() { # build folder, then options
    build=$1
    shift
    cmake -S . -B "$build" -G Ninja -DCMAKE_EXPORT_COMPILE_COMMANDS=ON -DCMAKE_INSTALL_LIBDIR=lib -DCMAKE_COMPILE_WARNING_AS_ERROR=ON "$@"
}
run_ctest() {
    ctest --test-dir "$1" --output-on-failure --parallel "$(nproc)"
}
run_pytest() { # build folder, then test paths
    build=$1
    shift
    CELLSEG_LIBRARY="$build/libcellseg.so" CELLSEG_INTERNAL_LIBRARY="$build/tests/libcellseg_internal.so" \
        CELLSEG_PROGRAM="$build/examples/cellseg" PYTHONPATH="$PWD/bindings/python:$PWD/tests" \
        $python -m pytest -q -p no:cacheprovider "$@"
}
run_sanitized_pytest() ( # the same; Python takes its memory from malloc, which the sanitizer watches, and lets its report through
    LD_PRELOAD=$(gcc -print-file-name=libasan.so)
    export LD_PRELOAD ASAN_OPTIONS=detect_leaks=0 PYTHONMALLOC=malloc
    run_pytest "$@" --capture=sys
)

sh examples/install_packages.sh build tests || exit 1

check "cmake: configure" configure "$work/cmake" -DCMAKE_INSTALL_PREFIX="$work/installed-cmake"
check "cmake: build" cmake --build "$work/cmake"
check "cmake: install" cmake --install "$work/cmake"
check "cmake: C tests" run_ctest "$work/cmake"
check "meson: configure" meson setup "$work/meson" --prefix="$work/installed-meson" --libdir=lib --werror
check "meson: build" meson compile -C "$work/meson"
check "meson: install" meson install -C "$work/meson" --quiet
check "meson: C tests" meson test -C "$work/meson" --no-rebuild --quiet

check "lint: tree" $python tests/lint/check_tree.py
check "lint: C" sh tests/lint/check_c.sh "$work/cmake"
check "abi: symbols" $python tests/abi/check_symbols.py "$work/cmake/libcellseg.so"
check "abi: both builds install the same" sh tests/abi/check_builds.sh "$work/installed-cmake" "$work/installed-meson"
check "abi: both builds give the same bytes" sh tests/abi/check_results.sh "$work/cmake" "$work/meson" "$work/results"
check "consumer" sh tests/consumer/check.sh "$work/installed-cmake" "$work/consumer"

check "64-bit ARM, under qemu" sh tests/neon.sh

for folder in tests/*/ bindings/python/; do
    [ -z "$(find "$folder" -name 'test_*.py')" ] || check "python: $folder" run_pytest "$work/cmake" "$folder"
done

check "clang: build" sh -c "CC=clang cmake -S . -B '$work/clang' -G Ninja -DCMAKE_COMPILE_WARNING_AS_ERROR=ON && cmake --build '$work/clang'"
check "clang: C tests" run_ctest "$work/clang"
check "address and undefined: build" sh -c "cmake -S . -B '$work/asan' -G Ninja -DCELLSEG_SANITIZE=address,undefined -DCMAKE_BUILD_TYPE=RelWithDebInfo && cmake --build '$work/asan'"
check "address and undefined: C tests" run_ctest "$work/asan"
check "address and undefined: python" run_sanitized_pytest "$work/asan" tests/filter tests/nn tests/segment tests/tensor
check "thread: build" sh -c "cmake -S . -B '$work/tsan' -G Ninja -DCELLSEG_SANITIZE=thread -DCMAKE_BUILD_TYPE=RelWithDebInfo && cmake --build '$work/tsan'"
check "thread: C tests" run_ctest "$work/tsan"
check "quickstart" sh examples/quickstart.sh "$work/quickstart"

[ $# -gt 0 ] || rm -rf "$work"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
