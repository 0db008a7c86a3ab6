#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# An installed library serves a program built through pkg-config and two built through the CMake package. Usage: check.sh PREFIX WORK
set -eu
prefix=$1
work=$2
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$work"
export PKG_CONFIG_PATH="$prefix/lib/pkgconfig" LD_LIBRARY_PATH="$prefix/lib"
eval "cc -Wall -Werror '$here/consumer.c' $(pkg-config --cflags --libs cellseg) -o '$work/pkgconfig'" # eval: blanks in paths
"$work/pkgconfig"
cmake -S "$here" -B "$work/build" -DCMAKE_PREFIX_PATH="$prefix" >/dev/null
cmake --build "$work/build" >/dev/null
"$work/build/shared"
LD_LIBRARY_PATH='' "$work/build/static"

# A machine without pkg-config still builds with the shared library.
cmake -S "$here" -B "$work/bare" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_DISABLE_FIND_PACKAGE_PkgConfig=ON >/dev/null
cmake --build "$work/bare" >/dev/null
"$work/bare/shared"
test ! -e "$work/bare/static"

# A package of one library alone: cellseg::cellseg is that one.
for kind in so a; do
    alone="$work/without-$kind"
    rm -rf "$alone"
    cp -R "$prefix" "$alone"
    rm "$alone"/lib/libcellseg."$kind"*
    cmake -S "$here" -B "$work/build-$kind" -DCMAKE_PREFIX_PATH="$alone" >/dev/null
    cmake --build "$work/build-$kind" >/dev/null
    LD_LIBRARY_PATH='' "$work/build-$kind/shared"
done
