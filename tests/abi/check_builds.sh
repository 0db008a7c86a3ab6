#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Both builds install the same files, package files, symbols and soname. Usage: check_builds.sh CMAKE_PREFIX MESON_PREFIX
set -eu
cmake=$1
meson=$2
(cd "$cmake" && find . | sort) >"$cmake.files"
(cd "$meson" && find . | sort) >"$meson.files"
diff "$cmake.files" "$meson.files"
diff -r "$cmake/include" "$meson/include"
diff -r "$cmake/lib/cmake" "$meson/lib/cmake"
diff -r "$cmake/lib/pkgconfig" "$meson/lib/pkgconfig"
diff -r "$cmake/share" "$meson/share"
for prefix in "$cmake" "$meson"; do
    "$prefix/bin/cellseg" --version
    readelf -d "$prefix/bin/cellseg" | grep -q 'RUNPATH.*\[$ORIGIN/../lib\]'
done
for what in "nm -D --defined-only --format=posix" "objdump -p"; do
    for prefix in "$cmake" "$meson"; do
        $what "$prefix/lib/libcellseg.so" | sed -n 's/^\(cellseg_[^ ]*\).*/\1/p; s/^ *\(SONAME\|NEEDED\) */\1 /p' | sort >"$prefix.symbols"
    done
    diff "$cmake.symbols" "$meson.symbols"
done
