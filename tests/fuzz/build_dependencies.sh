#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Build zlib, libpng, libtiff, expat and cJSON from Debian's sources, as static libraries that the sanitizers and libFuzzer watch.
# Usage: build_dependencies.sh FOLDER; afterwards PKG_CONFIG_PATH=FOLDER/lib/pkgconfig and pkg-config --static find them.
# The sources are those of this Debian with its patches. apt keeps its lists and settings in FOLDER, so that the system's stay as
# they are. A library that cannot be fetched or built is told in one line of FOLDER/report: the fuzzers then link the system's.
# libtiff's other codecs (jpeg, lzma, zstd, webp, jbig, lerc, deflate) are always the system's.
set -u
[ $# = 1 ] || { echo "usage: build_dependencies.sh FOLDER" >&2; exit 2; }
mkdir -p "$1/apt/lists/partial" "$1/apt/archives/partial" "$1/sources" || exit 1
prefix=$(cd "$1" && pwd)
# shellcheck disable=SC1091
. /etc/os-release
suite=$VERSION_CODENAME
flags="-g -O1 -fno-omit-frame-pointer -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all"

apt() {
    command=$1
    shift
    apt-get -qq -o Dir::Etc::sourcelist="$prefix/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null -o APT::Sandbox::User=root \
        -o Dir::State::lists="$prefix/apt/lists" -o Dir::Cache="$prefix/apt" "$command" "$@"
}

# The newest source package that the mirrors hold: a security update may be listed and not be there.
fetch() {
    cd "$prefix/sources" || return 1
    apt source "$1" || apt source "$1/$suite"
}

build_with_cmake() { # folder of the build, then options
    folder=$source/$1
    shift
    cmake -S "$folder" -B "$source/build" -G Ninja -DCMAKE_C_COMPILER=clang -DCMAKE_C_FLAGS="$flags" -DCMAKE_BUILD_TYPE=None \
        -DBUILD_SHARED_LIBS=OFF -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DCMAKE_PREFIX_PATH="$prefix" \
        -DCMAKE_INSTALL_PREFIX="$prefix" -DCMAKE_INSTALL_LIBDIR=lib "$@" &&
        cmake --build "$source/build" && cmake --install "$source/build"
}

build_zlib() { # its CMake build has no static library alone
    (cd "$source" && CC=clang CFLAGS="$flags -fPIC" ./configure --static --prefix="$prefix" && make && make install)
}

add() { # source package, then the command that builds it
    package=$1
    shift
    if (
        fetch "$package" || exit 1
        source=$(find "$prefix/sources" -mindepth 1 -maxdepth 1 -type d -name "$package-*")
        "$@"
    ) >"$prefix/$package.log" 2>&1; then
        echo "$package: built from Debian's source, with sanitizers"
    else
        echo "$package: the system's, without sanitizers (why: $prefix/$package.log)"
    fi
}

for url in "http://deb.debian.org/debian $suite" "http://deb.debian.org/debian-security $suite-security"; do
    echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $url main"
done >"$prefix/apt/sources.list"
export ASAN_OPTIONS=detect_leaks=0 # the configuration's own programs leak
apt update >"$prefix/apt.log" 2>&1
{
    add zlib build_zlib
    add libpng1.6 build_with_cmake . -DPNG_SHARED=OFF -DPNG_TESTS=OFF -DPNG_EXECUTABLES=OFF
    add tiff build_with_cmake . -Dtiff-tools=OFF -Dtiff-tests=OFF -Dtiff-contrib=OFF -Dtiff-docs=OFF -Dcxx=OFF
    add expat build_with_cmake expat -DEXPAT_SHARED_LIBS=OFF -DEXPAT_BUILD_TOOLS=OFF -DEXPAT_BUILD_TESTS=OFF \
        -DEXPAT_BUILD_EXAMPLES=OFF -DEXPAT_BUILD_DOCS=OFF -DEXPAT_DTD=OFF -DCMAKE_C_FLAGS="$flags -DXML_DTD=1" # its code compares the value
    add cjson build_with_cmake . -DENABLE_CJSON_TEST=OFF -DENABLE_CUSTOM_COMPILER_FLAGS=OFF
} | tee "$prefix/report"
