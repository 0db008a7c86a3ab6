#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# libcellseg within another project: CMake's add_subdirectory and FetchContent, a Meson subproject, each static and shared.
# And builds on a machine that lacks cmocka or pkg-config. One build of the library each for CMake and Meson, without
# optimisation; the rest is configured only. Usage: check_subproject.sh WORK
set -eu
work=$1
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
mkdir -p "$work"

. "$here/expect.sh"
# The installed files of a build, sorted, on one line.
installed() {
    (cd "$1" && find . ! -type d | sort | tr '\n' ' ')
}

subdirectory() { # build folder, then options
    build=$1
    shift
    cmake -S "$here/subdirectory" -B "$work/$build" -G Ninja -DCELLSEG_SOURCE="$root" "$@"
}
expect passes "Build files" subdirectory static
test ! -e "$work/static/cellseg/libcellseg.so"
cmake --build "$work/static" --target cellseg_program >/dev/null
test ! -e "$work/static/cellseg/libcellseg.so" # what no target links to is not built
cmake --build "$work/static" >/dev/null
for program in cellseg shared static; do
    "$work/static/${program}_program"
done
cmake --install "$work/static" --prefix "$work/static-installed" >/dev/null
test "$(installed "$work/static-installed")" = "./bin/cellseg_program "
expect passes "Build files" subdirectory shared -DBUILD_SHARED_LIBS=ON
expect passes "Build files" subdirectory everything -DCELLSEG_TESTS=ON -DCELLSEG_EXAMPLES=ON -DCELLSEG_INSTALL=ON
expect passes "Build files" cmake -S "$here/fetchcontent" -B "$work/fetchcontent" -G Ninja -DFETCHCONTENT_SOURCE_DIR_CELLSEG="$root"

mkdir -p "$work/meson/subprojects"
cp "$here/meson/meson.build" "$here/consumer.c" "$work/meson"
ln -sfn "$root" "$work/meson/subprojects/cellseg"
meson_parent() { # build folder, then options
    build=$1
    shift
    meson setup "$work/meson/$build" "$work/meson" --prefix="$work/$build-installed" --wrap-mode=forcefallback "$@"
}
expect passes "cellseg : YES" meson_parent meson-static -Ddefault_library=static
meson compile -C "$work/meson/meson-static" >/dev/null
"$work/meson/meson-static/program"
"$work/meson/meson-static/archive"
test ! -e "$work/meson/meson-static/subprojects/cellseg/libcellseg.so"
DESTDIR='' meson install -C "$work/meson/meson-static" --quiet
test "$(installed "$work/meson-static-installed")" = "./bin/program "
expect passes "cellseg : YES" meson_parent meson-shared -Ddefault_library=shared
meson introspect "$work/meson/meson-shared" --installed | grep -q 'libcellseg\.so'

# README's build line: the libraries and pkg-config, but no cmocka; then without pkg-config.
mkdir -p "$work/pkgconfig"
for folder in $(pkg-config --variable pc_path pkg-config | tr : ' '); do
    [ ! -d "$folder" ] || find "$folder" -name '*.pc' ! -name cmocka.pc -exec ln -sf -t "$work/pkgconfig" {} +
done
export PKG_CONFIG_LIBDIR="$work/pkgconfig" PKG_CONFIG_PATH=
expect passes "The tests are left out: " cmake -S "$root" -B "$work/bare"
expect fails "CELLSEG_TESTS is ON, but pkg-config does not find cmocka" cmake -S "$root" -B "$work/bare-tests" -DCELLSEG_TESTS=ON
expect passes "The tests are left out: " meson setup "$work/bare-meson" "$root"
expect fails 'Dependency "cmocka" not found' meson setup "$work/bare-meson-tests" "$root" -Dtests=true
rm "$work/pkgconfig/libcjson.pc"
expect fails "The program cellseg needs libcjson, which pkg-config does not find" cmake -S "$root" -B "$work/bare-program"
expect fails 'Dependency "libcjson" not found' meson setup "$work/bare-meson-program" "$root"
rm "$work/pkgconfig/expat.pc"
expect fails "libcellseg needs expat, which pkg-config does not find" cmake -S "$root" -B "$work/bare-library"
expect fails "libcellseg needs pkg-config" cmake -S "$root" -B "$work/bare-pkgconfig" -DCMAKE_DISABLE_FIND_PACKAGE_PkgConfig=ON
