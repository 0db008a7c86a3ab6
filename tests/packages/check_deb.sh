#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The Debian packages: built with Debian's flags, clean by lintian, complete by their dependencies, and used from an unpacked root
# by a program that is compiled and by the program that is packed. Usage: check_deb.sh WORK
set -eu
cd "$(dirname "$0")/../.."
source=$PWD
mkdir -p "$1"
work=$(cd "$1" && pwd)

export DEB_BUILD_MAINT_OPTIONS=hardening=+all
CFLAGS="$(dpkg-buildflags --get CFLAGS) $(dpkg-buildflags --get CPPFLAGS)"
LDFLAGS=$(dpkg-buildflags --get LDFLAGS)
export CFLAGS LDFLAGS
cmake -S . -B "$work/build" -G Ninja -DCMAKE_INSTALL_PREFIX=/usr -DCELLSEG_TESTS=OFF -DCELLSEG_BLAS=OFF -DCMAKE_COMPILE_WARNING_AS_ERROR=ON
cmake --build "$work/build"
(cd "$work/build" && rm -f ./*.deb && cpack)
lintian --allow-root --fail-on error,warning --tag-display-limit 0 "$work"/build/*.deb

# Fields, as dpkg reads them.
field() { # package, field
    dpkg-deb -f "$work/build/$1"_*.deb "$2"
}
contains() { # text, its part
    case $1 in *"$2"*) ;; *) echo "\"$1\" has no \"$2\"" >&2 && exit 1 ;; esac
}
version=$(field libcellseg1 Version)
contains "$(field libcellseg1 Depends)" "libc6 (>= 2."
contains "$(field libcellseg1 Depends)" libtiff
contains "$(field libcellseg-dev Depends)" "libcellseg1 (= $version)"
contains "$(field libcellseg-dev Depends)" zlib1g-dev
contains "$(field cellseg Depends)" "libcellseg1 (= $version)"

# No file lies in two packages.
root=$work/root
rm -rf "$root"
for package in "$work"/build/*.deb; do
    dpkg-deb -c "$package" | sed -n 's|^-.* \./||p'
    dpkg-deb -x "$package" "$root"
done | sort | uniq -d >"$work/twice"
[ ! -s "$work/twice" ] || { cat "$work/twice"; exit 1; }

# From the root: compile, link and run; what the symbols file says of the program; the program itself.
libraries=$(dirname "$(ls "$root"/usr/lib/*/libcellseg.so.1)")
export PKG_CONFIG_PATH="$libraries/pkgconfig" LD_LIBRARY_PATH="$libraries"
# shellcheck disable=SC2046 # the flags are meant to be split
cc -Wall -Werror tests/consumer/consumer.c $(pkg-config --cflags --libs cellseg) -o "$work/consumer"
"$work/consumer"
mkdir -p "$work/shlibdeps/debian/library"
: >"$work/shlibdeps/debian/control"
dpkg-deb -e "$work"/build/libcellseg1_*.deb "$work/shlibdeps/debian/library/DEBIAN"
contains "$(cd "$work/shlibdeps" && dpkg-shlibdeps -l"$libraries" -Sdebian/library -O "$work/consumer")" "libcellseg1 (>= 1.0)"
"$root/usr/bin/cellseg" segment -o "$work/cells" "$source/examples/data/n2a.ome.tif"
man --warnings -E UTF-8 -l "$root/usr/share/man/man1/cellseg.1.gz" 2>&1 >/dev/null | tee "$work/warnings"
[ ! -s "$work/warnings" ]
[ "$(find "$work/cells" -type f | wc -l)" = 5 ]
