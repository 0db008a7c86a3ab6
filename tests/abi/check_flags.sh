#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Flags of parents and distributions: link-time optimisation of gcc and clang gives the same results, hardening gives no warning, two
# folders give the same bytes, and flags that change results are refused or taken back. Usage: check_flags.sh BUILD WORK
set -eu
cd "$(dirname "$0")/../.."
reference=$1
sh examples/install_packages.sh build tests compilers
mkdir -p "$2"
work=$(cd "$2" && pwd)

build() { # folder, source, then options of CMake; the flags come from the environment
    folder=$work/$1 source=$2
    shift 2
    cmake -S "$source" -B "$folder" -G Ninja -DCELLSEG_TESTS=OFF -DCMAKE_COMPILE_WARNING_AS_ERROR=ON "$@" >"$work/log"
    cmake --build "$folder" --target cellseg cellseg_static cellseg_command_line >"$work/log" || { cat "$work/log"; return 1; }
}
results() { # program, folder
    mkdir -p "$2"
    "$1" segment --channel 0 -o "$2" --overwrite examples/data/n2a.ome.tif >/dev/null
    (cd "$2" && sha256sum -- *.csv *.tif)
}
same_results() {
    results "$work/$1/examples/cellseg" "$work/results/$1" | diff "$work/expected" -
    echo "$1: the same results"
}
results "$reference/examples/cellseg" "$work/results/reference" >"$work/expected"

# Link-time optimisation: clang's full one by a parent's flags, gcc's by Meson's setting. tests/platforms/compilers.sh has others.
CC=clang CFLAGS=-flto LDFLAGS=-fuse-ld=lld build lto-full . -DBUILD_SHARED_LIBS=OFF
same_results lto-full
CC=gcc meson setup "$work/lto-meson" -Db_lto=true -Dtests=false --werror >"$work/log"
ninja -C "$work/lto-meson" examples/cellseg >"$work/log"
same_results lto-meson

# Hardening as distributions pass it, in two folders.
mkdir -p "$work/first" "$work/second place"
for copy in first "second place"; do
    git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$work/$copy"
    CFLAGS="-O2 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection -fcf-protection" \
        LDFLAGS="-Wl,-z,relro,-z,now,-z,noexecstack,-z,text" CC=gcc build "$copy/build" "$work/$copy"
done
for file in libcellseg.so libcellseg.a; do
    cmp "$work/first/build/$file" "$work/second place/build/$file"
done
same_results first/build
dynamic=$(readelf -dW "$work/first/build/libcellseg.so")
echo "$dynamic" | grep -q BIND_NOW
readelf -lW "$work/first/build/libcellseg.so" >"$work/segments"
grep -q GNU_RELRO "$work/segments"
grep 'GNU_STACK' "$work/segments" | grep -q 'RW '
case $dynamic in
*TEXTREL* | *RPATH* | *RUNPATH*) echo "libcellseg.so has relocations in its code, or a run path" && exit 1 ;;
esac

# Of the static library, only public functions are seen outside the library or program that it is linked to.
readelf -sW "$reference/libcellseg.a" | awk '$5 == "GLOBAL" && $6 == "DEFAULT" && $7 != "UND" && $8 !~ /^cellseg_/ {print $8, "is not hidden"; seen = 1} END {exit seen}'

# -ffast-math and what is like it are refused; parts of it that no macro tells are taken back by the builds.
for compiler in gcc clang; do
    compile="$compiler -std=c11 -D_POSIX_C_SOURCE=200809L -Iinclude -Ilib -fsyntax-only lib/core/version.c"
    for flag in -ffast-math -Ofast -ffinite-math-only -std=c99; do
        if $compile $flag 2>"$work/log"; then
            echo "$compiler $flag was not refused" >&2
            exit 1
        fi
        grep -q "error.*\(change results: compile libcellseg without them\|libcellseg needs a C11 compiler\)" "$work/log"
    done
    for flags in "-ffast-math -fno-fast-math" "-Ofast -fno-fast-math" "-ffinite-math-only -fno-finite-math-only"; do
        $compile $flags
    done
    object=CMakeFiles/cellseg_objects.dir/lib/core/fmath.c.o
    for flags in "" "-funsafe-math-optimizations" "-fassociative-math -fno-signed-zeros -fno-trapping-math -freciprocal-math"; do
        rm -rf "$work/math"
        CC=$compiler CFLAGS=$flags cmake -S . -B "$work/math" -G Ninja -DCELLSEG_TESTS=OFF >"$work/log"
        cmake --build "$work/math" --target $object >"$work/log" 2>&1
        [ -n "$flags" ] || cp "$work/math/$object" "$work/fmath.o"
        cmp "$work/math/$object" "$work/fmath.o"
    done
done
echo "hardened, reproducible, hidden; -ffast-math refused"
