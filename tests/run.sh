#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Install what is missing (Debian 12), build, and run every test once. Usage: run.sh [all] [WORK]
# all: also the second build, clang, the sanitizers, other platforms and the quickstart. WORK: the folder to build in, which stays.
set -u
cd "$(dirname "$0")/.." || exit 1
all=no
if [ "${1:-}" = all ]; then
    all=yes
    shift
fi
work=${1:-$(mktemp -d)}
mkdir -p "$work"
work=$(cd "$work" && pwd)
: >"$work/times"
passed=0
failed=0

# Run one check under a name; what it prints is shown only when it fails.
check() {
    name=$1
    shift
    start=$(date +%s)
    if "$@" >"$work/log" 2>&1; then
        passed=$((passed + 1))
        result=ok
    else
        failed=$((failed + 1))
        result=FAIL
    fi
    seconds=$(($(date +%s) - start))
    printf '%-5s %s (%d s)\n' $result "$name" $seconds
    [ $result = ok ] || sed '/^ *Start *[0-9]*:/d; / Passed  *[0-9.]* sec/d; s/^/      /' "$work/log" | tail -n 100
    keep_times "$name" $seconds
}

# Append a check's seconds and name to the list of times; a run of ctest adds each of its tests instead.
keep_times() {
    sed -n "s|^.* Test *#[0-9]*: \([^ ]*\) .* \([0-9.]*\) sec.*|\2 $1: \1|p" "$work/log" >"$work/tests"
    [ -s "$work/tests" ] || echo "$2 $1" >"$work/tests"
    cat "$work/tests" >>"$work/times"
}

configure() { # build folder, then options
    build=$1
    shift
    cmake -S . -B "$build" -G Ninja -DCMAKE_COMPILE_WARNING_AS_ERROR=ON "$@"
}
build_with_clang() { # build folder, then options
    CC=clang configure "$@" && cmake --build "$1"
}
run_ctest() { # build folder, then options
    ctest --test-dir "$@" --output-on-failure --parallel "$(nproc)"
}

sh examples/install_packages.sh build tests || exit 1

check "cmake: configure" configure "$work/cmake" -DCMAKE_EXPORT_COMPILE_COMMANDS=ON -DCMAKE_INSTALL_LIBDIR=lib \
    -DCMAKE_INSTALL_PREFIX="$work/installed-cmake"
check "cmake: build" cmake --build "$work/cmake"
check "cmake: install" cmake --install "$work/cmake"
check "tests" run_ctest "$work/cmake"
check "lint: tree" /usr/bin/python3 tests/lint/check_tree.py
check "lint: C" sh tests/lint/check_c.sh "$work/cmake"
check "abi: symbols" /usr/bin/python3 tests/abi/check_symbols.py "$work/cmake/libcellseg.so"
check "consumer" sh tests/consumer/check.sh "$work/installed-cmake" "$work/consumer"
check "consumer: subprojects, missing packages" sh tests/consumer/check_subproject.sh "$work/subproject"
check "consumer: installed files" sh tests/consumer/check_install.sh "$work/cmake" "$work/install"

if [ $all = yes ]; then
    check "meson: configure" meson setup "$work/meson" -Ddefault_library=both --prefix="$work/installed-meson" --libdir=lib --werror
    check "meson: build" meson compile -C "$work/meson"
    check "meson: install" meson install -C "$work/meson" --quiet
    check "abi: both builds install the same" sh tests/abi/check_builds.sh "$work/installed-cmake" "$work/installed-meson"
    check "abi: builds without parts" sh tests/abi/check_parts.sh "$work/cmake" "$work/parts"
    check "abi: both builds give the same bytes" sh tests/abi/check_results.sh "$work/results" "$work/cmake" "$work/meson"
    check "abi: flags of parents and distributions" sh tests/abi/check_flags.sh "$work/cmake" "$work/flags"
    check "clang: build" build_with_clang "$work/clang" -DCELLSEG_BLAS=OFF
    check "clang" run_ctest "$work/clang" -LE python
    check "address and undefined: build" build_with_clang "$work/asan" -DCELLSEG_SANITIZE=address,undefined -DCMAKE_BUILD_TYPE=RelWithDebInfo
    # test_budget tries budgets on what test_calls runs: hours of allocations that a sanitizer has seen
    check "address and undefined" run_ctest "$work/asan" -E segment/test_budget
    check "thread: build" build_with_clang "$work/tsan" -DCELLSEG_SANITIZE=thread -DCMAKE_BUILD_TYPE=RelWithDebInfo
    check "thread" run_ctest "$work/tsan" -E segment/test_budget
    mkdir -p "$work/platforms" && ln -sfn ../cmake "$work/platforms/native"
    check "platforms: 64-bit ARM under qemu" sh tests/platforms/run.sh aarch64 "$work/platforms"
    # 32-bit x86: all C tests but the six slowest
    check "platforms: 32-bit x86" sh tests/platforms/run.sh i386 "$work/platforms" \
        '^(core/test_[cfist]|fuzz/|measure/|morph/test_[prt]|nn/|segment/(make_painted|test_[ops])|synth/|tile/|train/test_train_)'
    check "platforms: musl" sh tests/platforms/run.sh musl "$work/platforms" .
    check "platforms: Windows under wine" sh tests/platforms/run.sh mingw "$work/platforms" \
        '^(core/test_(system|call|context|image|sort|threads)|nn/test_net|morph/test_toolkit|measure/)'
    check "platforms: compilers" sh tests/platforms/compilers.sh "$work/platforms"
    check "quickstart" sh examples/quickstart.sh "$work/quickstart"
fi

echo "the slowest:"
sort -rn "$work/times" | head -n 10 | while read -r seconds name; do
    printf '%7.1f s  %s\n' "$seconds" "$name"
done
[ $# -gt 0 ] || rm -rf "$work"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
