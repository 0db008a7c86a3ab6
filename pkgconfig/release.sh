#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Make the files of a release from the commit that is checked out: tarball, bill of materials, checksums. Usage: release.sh FOLDER
# First the checks of docs/release.md that take seconds. The same commit gives the same bytes.
set -eu
[ $# = 1 ] || { echo "usage: pkgconfig/release.sh FOLDER" >&2; exit 2; }
mkdir -p "$1"
folder=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
refuse() {
    echo "release.sh: $*" >&2
    exit 1
}

version=$(sed -n 's/^#define CELLSEG_VERSION_\(MAJOR\|MINOR\|PATCH\) \([0-9]*\)$/\2/p' include/cellseg/version.h | paste -sd .)
[ -z "$(git status --porcelain)" ] || refuse "the checkout has changes; commit them"
heading=$(grep -m 1 '^## ' CHANGELOG.md)
case $heading in
"## $version" | "## $version, 20"??-??-??) ;;
*) refuse "the first heading of CHANGELOG.md is \"$heading\"; write \"## $version, \" and the date" ;;
esac
! tag=$(git rev-parse -q --verify "refs/tags/v$version^{commit}") || [ "$tag" = "$(git rev-parse HEAD)" ] ||
    refuse "the tag v$version is at another commit; raise the version in include/cellseg/version.h"
grep -q "\"version\": \"$version\"" pkgconfig/vcpkg/cellseg/vcpkg.json || refuse "pkgconfig/vcpkg/cellseg/vcpkg.json has another version than $version"
[ -e "tests/abi/interface-${version%.*}.txt" ] || refuse "tests/abi/interface.py --record has not written the interface of ${version%.*}"

name=libcellseg-$version
git archive --format=tar --prefix="$name/" HEAD | gzip -9n >"$folder/$name.tar.gz"
/usr/bin/python3 pkgconfig/sbom.py >"$folder/$name.spdx.json"
(cd "$folder" && sha256sum "$name.tar.gz" "$name.spdx.json" >"$name.sha256" && sha256sum -c --quiet "$name.sha256")
echo "$folder/$name.tar.gz, .spdx.json, .sha256"
