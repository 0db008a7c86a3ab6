#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Installed files: below a prefix with blanks, moved, in absolute folders, of one kind of library alone; and what CMake says where
# something is missing. Usage: check_install.sh BUILD WORK; BUILD: a CMake build with CMAKE_INSTALL_LIBDIR=lib
set -eu
build=$1
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
mkdir -p "$2"
work=$(cd "$2" && pwd)
. "$here/expect.sh"

cmake --install "$build" --prefix "$work/first place/sdk" >/dev/null
sh "$here/check.sh" "$work/first place/sdk" "$work/programs"
rm -rf "$work/second place"
mv "$work/first place" "$work/second place"
sdk="$work/second place/sdk"
sh "$here/check.sh" "$sdk" "$work/moved programs"
expect passes "cells, in" "$sdk/bin/cellseg" segment --channel 0 -o "$work/results" --overwrite "$root/examples/data/n2a.ome.tif"
for page in man/man1/cellseg.1 bash-completion/completions/cellseg.bash zsh/site-functions/_cellseg fish/vendor_completions.d/cellseg.fish; do
    test -s "$sdk/share/$page"
done
for page in LICENSE third-party.md; do
    test -s "$sdk/share/doc/cellseg/$page"
done
cp "$sdk/lib/libcellseg.so" "$work/stripped.so"
strip "$work/stripped.so"
echo "$(wc -c <"$work/stripped.so") bytes, stripped, with the model; at most 2.66 MB"
test "$(wc -c <"$work/stripped.so")" -le 2660000

# The package files of other settings, and an SDK from each: a shared library needs no package of others.
configure() { # name, then options
    name=$1
    shift
    cmake -S "$root" -B "$work/$name" -DCELLSEG_TESTS=OFF -DCELLSEG_EXAMPLES=OFF -DCMAKE_INSTALL_LIBDIR=lib "$@" >/dev/null
}
make_sdk() { # name, then the library's files
    name=$1
    shift
    mkdir -p "$work/$name sdk/lib/pkgconfig"
    cp -R "$sdk/include" "$work/$name sdk"
    cp -RP "$@" "$work/$name sdk/lib"
    cp "$work/$name/cellseg.pc" "$work/$name sdk/lib/pkgconfig"
}
compile() {
    eval "cc '$here/consumer.c' $(pkg-config --cflags --libs cellseg) -o '$work/program'"
    LD_LIBRARY_PATH="$work/shared sdk/lib" "$work/program"
}
configure shared -DBUILD_SHARED_LIBS=ON
make_sdk shared "$sdk"/lib/libcellseg.so*
export PKG_CONFIG_LIBDIR="$work/shared sdk/lib/pkgconfig" PKG_CONFIG_PATH=
compile
unset PKG_CONFIG_LIBDIR
configure static -DBUILD_SHARED_LIBS=OFF
make_sdk static "$sdk/lib/libcellseg.a"
export PKG_CONFIG_PATH="$work/static sdk/lib/pkgconfig"
compile

configure absolute -DCMAKE_INSTALL_LIBDIR="$work/absolute lib" -DCMAKE_INSTALL_INCLUDEDIR="/opt/some headers"
export PKG_CONFIG_PATH="$work/absolute"
expect passes "/opt/some. headers" pkg-config --cflags cellseg
configure multiarch -DCMAKE_INSTALL_LIBDIR=lib/x86_64-linux-gnu
export PKG_CONFIG_PATH="$work/multiarch"
expect passes '/[.][.]/../../include' pkg-config --cflags cellseg

# Messages.
consumer() { # build folder, then options
    build=$1
    shift
    cmake -S "$here" -B "$work/$build" -DCMAKE_PREFIX_PATH="$sdk" "$@"
}
expect passes "Build files" consumer component-static -DCOMPONENTS=static
expect fails "libcellseg has no component fast, but shared and static" consumer component-fast -DCOMPONENTS=fast
rm "$sdk"/lib/libcellseg.so*
expect fails "cellseg::shared cannot be used: the file .*/libcellseg.so.* is not there" consumer component-shared -DCOMPONENTS=shared
export PKG_CONFIG_LIBDIR="$work" PKG_CONFIG_PATH=
expect fails "cellseg::static cannot be used: pkg-config does not find libtiff-4>=4.5, " consumer libraries
expect fails "cellseg::static cannot be used: CMake does not find pkg-config" consumer no-pkgconfig -DCMAKE_DISABLE_FIND_PACKAGE_PkgConfig=ON
unset PKG_CONFIG_LIBDIR
expect fails 'CELLSEG_EXAMPLES is "maybe"; set it to ON or OFF' cmake -S "$root" -B "$work/option" -DCELLSEG_EXAMPLES=maybe
printf '#!/bin/sh\nexec cc -U__GNUC__ -D__GNUC__=4 -U__GNUC_MINOR__ -D__GNUC_MINOR__=3 "$@"\n' >"$work/old-cc"
chmod +x "$work/old-cc"
expect fails "libcellseg needs a C11 compiler, but .*old-cc is GNU 4.3" cmake -S "$root" -B "$work/old" -DCMAKE_C_COMPILER="$work/old-cc"
