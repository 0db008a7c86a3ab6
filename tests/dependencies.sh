#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Build zlib, libpng, libtiff, expat, cJSON and cmocka from Debian's sources, patches included, as static libraries in a folder.
# Usage: [CMAKE_TOOLCHAIN_FILE=FILE] [CC=COMPILER] [CFLAGS=FLAGS] dependencies.sh FOLDER
# CMake reads the three variables itself. Afterwards PKG_CONFIG_PATH=FOLDER/lib/pkgconfig and pkg-config --static find the libraries;
# a toolchain file names FOLDER in CMAKE_FIND_ROOT_PATH, so that one library finds the other. libtiff's further codecs are those that
# its CMake finds. apt keeps its lists and settings in FOLDER, so that the system's stay as they are.
# FOLDER/report has a line for each library; the script exits 1 if any could not be fetched or built.
set -u
[ $# = 1 ] || { echo "usage: dependencies.sh FOLDER" >&2; exit 2; }
mkdir -p "$1/apt/lists/partial" "$1/apt/archives/partial" "$1/sources" || exit 1
prefix=$(cd "$1" && pwd)
# shellcheck disable=SC1091
. /etc/os-release
suite=$VERSION_CODENAME
export CFLAGS="${CFLAGS:--O2}"

apt() {
    command=$1
    shift
    apt-get -qq -o Dir::Etc::sourcelist="$prefix/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null -o APT::Sandbox::User=root \
        -o Dir::State::lists="$prefix/apt/lists" -o Dir::Cache="$prefix/apt" -o Acquire::Retries=3 "$command" "$@"
}

# The newest source package that the mirrors hold: a security update may be listed and not be there.
fetch() {
    cd "$prefix/sources" || return 1
    apt source "$1" || apt source "$1/$suite"
}

configure() { # folder of the source, then options
    folder=$source/$1
    shift
    cmake -S "$folder" -B "$source/build" -G Ninja -DCMAKE_BUILD_TYPE=None -DBUILD_SHARED_LIBS=OFF \
        -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_INSTALL_PREFIX="$prefix" \
        -DCMAKE_INSTALL_LIBDIR=lib "$@"
}
build() { # as configure
    configure "$@" && cmake --build "$source/build" && cmake --install "$source/build"
}
build_archive() { # target, library, headers, package file, then options: where the build installs a shared library too
    target=$1 library=$2 headers=$3 package_file=$4
    shift 4
    configure . -DCMAKE_ARCHIVE_OUTPUT_DIRECTORY="$source/archive" "$@" && cmake --build "$source/build" --target "$target" &&
        mkdir -p "$prefix/lib/pkgconfig" "$prefix/include" && cp "$source"/archive/*.a "$prefix/lib/lib$library.a" &&
        cp "$source/build/$package_file" "$prefix/lib/pkgconfig" || return 1
    for header in $headers; do
        cp "$source/$header" "$prefix/include" || return 1
    done
}
build_zlib() { # Debian's source has no resource file for Windows, which CMake looks for on every system
    mkdir -p "$source/win32" && touch "$source/win32/zlib1.rc"
    build_archive zlibstatic z "zlib.h build/zconf.h" zlib.pc
}
build_expat() { # its code compares the value of XML_DTD, to which its CMake build gives none
    export CFLAGS="$CFLAGS -DXML_DTD=1"
    build expat -DEXPAT_SHARED_LIBS=OFF -DEXPAT_BUILD_TOOLS=OFF -DEXPAT_BUILD_TESTS=OFF -DEXPAT_BUILD_EXAMPLES=OFF \
        -DEXPAT_BUILD_DOCS=OFF -DEXPAT_DTD=OFF
}
build_cjson() { # a DLL must not export what it links statically
    export CFLAGS="$CFLAGS -DCJSON_HIDE_SYMBOLS"
    build . -DENABLE_CJSON_TEST=OFF -DENABLE_CUSTOM_COMPILER_FLAGS=OFF
}

add() { # source package, then the command that builds it
    package=$1
    shift
    if (
        fetch "$package" || exit 1
        source=$(find "$prefix/sources" -mindepth 1 -maxdepth 1 -type d -name "$package-*")
        "$@"
    ) >"$prefix/$package.log" 2>&1; then
        echo "$package: built from Debian's source" >>"$prefix/report"
    else
        echo "$package: not built (why: $prefix/$package.log)" >>"$prefix/report"
    fi
}

for url in "http://deb.debian.org/debian $suite" "http://deb.debian.org/debian-security $suite-security"; do
    echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $url main"
done >"$prefix/apt/sources.list"
export ASAN_OPTIONS=detect_leaks=0 # with sanitizers in CFLAGS, the configuration's own programs leak
apt update >"$prefix/apt.log" 2>&1
: >"$prefix/report"
add zlib build_zlib
add libpng1.6 build . -DPNG_SHARED=OFF -DPNG_TESTS=OFF -DPNG_EXECUTABLES=OFF
add tiff build . -DCMAKE_CXX_COMPILER_WORKS=ON -Dcxx=OFF -Dtiff-tools=OFF -Dtiff-tests=OFF -Dtiff-contrib=OFF -Dtiff-docs=OFF
add expat build_expat
add cjson build_cjson
add cmocka build_archive cmocka-static cmocka include/cmocka.h cmocka.pc -DWITH_STATIC_LIB=ON -DWITH_EXAMPLES=OFF
cat "$prefix/report"
! grep -q 'not built' "$prefix/report"
