#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Builds that leave out parts of the library: their symbols, the libraries that they need, what they compute and how the missing
# parts fail (parts.c); the size of the smallest. Usage: check_parts.sh BUILD WORK. BUILD: a build of all parts. WORK: a new folder.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
whole=$(cd "$1" && pwd)
mkdir -p "$2"
work=$(cd "$2" && pwd)
flags="-std=c11 -D_POSIX_C_SOURCE=200809L -ffp-contract=off -Wall -Wextra -Werror"

fail() {
    echo "$*" >&2
    exit 1
}
needed() { # shared library: the libraries that it needs, but for what the C library consists of
    readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(lib[a-zA-Z]*\).*/\1/p' | grep -v -e '^libc$' -e '^libm$' -e '^libopenblas$' | sort | tr '\n' ' '
}
size() { # shared library: bytes without debugging symbols
    strip -o "$work/stripped" "$1"
    wc -c <"$work/stripped"
}

# Build parts.c for a library, run it and compare the label map.
check_library() { # folder of the library, expected libraries, parts
    library=$1
    libraries=$2
    shift 2
    /usr/bin/python3 "$root/tests/abi/check_symbols.py" "$library/libcellseg.so" >/dev/null
    [ "$(needed "$library/libcellseg.so")" = "$libraries" ] || fail "$library needs: $(needed "$library/libcellseg.so")"
    # shellcheck disable=SC2086 # flags are words
    cc $flags -I"$root/include" "$root/tests/abi/parts.c" -L"$library" -lcellseg -o "$work/parts"
    (cd "$work" && LD_LIBRARY_PATH="$library" ./parts "$@" >labels)
    [ -e "$work/labels.whole" ] || cp "$work/labels" "$work/labels.whole"
    cmp "$work/labels" "$work/labels.whole"
}
build() { # name, then options
    name=$1
    shift
    cmake -S "$root" -B "$work/$name" -G Ninja -DCMAKE_COMPILE_WARNING_AS_ERROR=ON "$@" >"$work/$name.log" 2>&1 || fail "$(cat "$work/$name.log")"
    grep -q "The program cellseg and the examples of files and training are left out" "$work/$name.log" || fail "$name: no line about the program"
    grep -q "The tests are left out: they need the parts" "$work/$name.log" || fail "$name: no line about the tests"
    cmake --build "$work/$name" >"$work/$name.log" 2>&1 || fail "$(cat "$work/$name.log")"
}

check_library "$whole" "libexpat libpng libtiff libz " png tiff training
[ "$(size "$whole/libcellseg.so")" -le 2660000 ] || fail "the library has more than 2.66 MB: $(size "$whole/libcellseg.so")"

debug=-DCMAKE_BUILD_TYPE=Debug # compiles fast
build png $debug -DCELLSEG_PNG=OFF
check_library "$work/png" "libexpat libtiff libz " tiff training
build tiff $debug -DCELLSEG_TIFF=OFF
check_library "$work/tiff" "libpng libz " png training
build io $debug -DCELLSEG_IO=OFF
check_library "$work/io" "" training
build training $debug -DCELLSEG_TRAINING=OFF
check_library "$work/training" "libexpat libpng libtiff libz " png tiff

# Memory in, memory out: the C library, and a third of the code.
build small -DCMAKE_BUILD_TYPE=MinSizeRel -DCELLSEG_IO=OFF -DCELLSEG_TRAINING=OFF -DCELLSEG_BLAS=OFF -DCMAKE_INSTALL_LIBDIR=lib
small=$work/small
check_library "$small" ""
[ "$(size "$small/libcellseg.so")" -le 1860000 ] || fail "the smallest library has more than 1.86 MB: $(size "$small/libcellseg.so")"
nm -D --undefined-only "$small/libcellseg.so" | awk '$1 == "U" && $2 !~ /@GLIBC/ {print; bad = 1} END {exit bad}' || fail "symbols of other libraries"
[ "$("$small/examples/segment_memory")" = "$("$whole/examples/segment_memory")" ]
cmake --install "$small" --prefix "$work/installed" >/dev/null
[ "$(PKG_CONFIG_PATH=$work/installed/lib/pkgconfig pkg-config --static --libs-only-l cellseg | tr -s ' ')" = "-lcellseg -lm " ] ||
    fail "cellseg.pc: $(PKG_CONFIG_PATH=$work/installed/lib/pkgconfig pkg-config --static --libs-only-l cellseg)"
cmake -S "$root/tests/consumer" -B "$work/consumer" -DCMAKE_PREFIX_PATH="$work/installed" -DCMAKE_DISABLE_FIND_PACKAGE_PkgConfig=ON >/dev/null
cmake --build "$work/consumer" >/dev/null
"$work/consumer/static" >/dev/null

# The C tests of what is in the smallest library: all that link with it, but those that read or write image files.
passed=0
for source in "$root"/tests/*/test_*.c; do
    case $source in
    */test_every_call.c | */test_heard.c | */test_files.c | */test_no_memory.c | */test_budget.c) continue ;;
    esac
    # shellcheck disable=SC2086 # flags are words
    cc $flags -I"$root/include" -I"$root/lib" -I"$root/tests" "$source" "$small/libcellseg.a" -lcmocka -lm -lpthread -o "$work/test" 2>"$work/log" || {
        grep -q "undefined reference to .\(cseg\|cellseg\)_" "$work/log" || fail "$source: $(cat "$work/log")"
        continue
    }
    (cd "$root" && "$work/test") >"$work/log" 2>&1 || fail "$source: $(cat "$work/log")"
    passed=$((passed + 1))
done
[ $passed -ge 25 ] || fail "only $passed programs of tests link with the smallest library"

# Python raises the library's error.
CELLSEG_LIBRARY=$small/libcellseg.so PYTHONPATH=$root/bindings/python /usr/bin/python3 - "$root/examples/data" <<'END'
import pathlib, sys
import cellseg

for function in lambda: cellseg.read(str(next(pathlib.Path(sys.argv[1]).glob("*.tif")))), lambda: cellseg.Trainer():
    try:
        function()
    except cellseg.UnavailableError as error:
        assert "this build of libcellseg" in str(error)
    else:
        sys.exit("no error of a missing part")
END

# The other build, and what cannot be built.
meson setup "$work/meson" "$root" -Dio=false -Dtraining=false -Dblas=false --buildtype=minsize >"$work/log" || fail "$(cat "$work/log")"
grep -q "The program cellseg and the examples of files and training are left out" "$work/log"
meson compile -C "$work/meson" >"$work/log" || fail "$(cat "$work/log")"
check_library "$work/meson" ""
cmake -S "$root" -B "$work/tests" -DCELLSEG_IO=OFF -DCELLSEG_TESTS=ON >"$work/log" 2>&1 && fail "tests without io were not refused"
grep -q "CELLSEG_TESTS is ON, but the tests need the parts png, tiff and training" "$work/log"
echo "the library: $(size "$whole/libcellseg.so") bytes; without io and training: $(size "$small/libcellseg.so"); $passed programs of tests pass with it"
