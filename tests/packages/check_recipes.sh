#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The recipes of vcpkg and Conan and the bill of materials, without a package server but PyPI. Usage: check_recipes.sh WORK
# vcpkg's port runs with stand-ins for its functions; Conan builds the recipe over the system's libraries; spdx-tools validates.
set -eu
cd "$(dirname "$0")/../.."
mkdir -p "$1"
work=$(cd "$1" && pwd)

# The port's metadata names the version and the libraries of the build.
/usr/bin/python3 - <<'END'
import json, pathlib, re
port = json.loads(pathlib.Path("pkgconfig/vcpkg/cellseg/vcpkg.json").read_text())
version = re.findall(r"#define CELLSEG_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", pathlib.Path("include/cellseg/version.h").read_text())
assert port["version"] == ".".join(version), f"vcpkg.json has version {port['version']}"
needed = set(re.findall(r"(libtiff-4|libpng|expat|zlib|libcjson)\b", pathlib.Path("CMakeLists.txt").read_text()))
names = {"libtiff-4": "tiff"}
assert {names.get(name, name) for name in needed} == {d for d in port["dependencies"] if isinstance(d, str)}, needed
END

# vcpkg: a program is built against the package, moved elsewhere.
rm -rf "$work/vcpkg" "$work/moved" "$work/moved-build"
cmake -DWORK="$work/vcpkg" -P tests/packages/vcpkg_mock.cmake
mv "$work/vcpkg/packages" "$work/moved"
cmake -S pkgconfig/conan/test_package -B "$work/moved-build" -DCMAKE_PREFIX_PATH="$work/moved" >"$work/log"
cmake --build "$work/moved-build" >"$work/log"
"$work/moved-build/consumer"

# PyPI's tools.
[ -x "$work/python/bin/conan" ] || /usr/bin/python3 -m venv "$work/python"
"$work/python/bin/pip" install --quiet conan spdx-tools
/usr/bin/python3 pkgconfig/sbom.py >"$work/sbom.json"
"$work/python/bin/pyspdxtools" -i "$work/sbom.json"

# Conan: the system's libraries and pkg-config stand in for those of its servers.
export CONAN_HOME="$work/conan"
"$work/python/bin/conan" profile detect --force >"$work/log" 2>&1
profile=$CONAN_HOME/profiles/system
version_of() {
    pkg-config --modversion "$1" | sed 's/^\([0-9.]*\).*/\1/'
}
{
    printf 'include(default)\n[platform_requires]\n'
    for library in libtiff=libtiff-4 libpng=libpng expat=expat zlib=zlib; do
        echo "${library%=*}/$(version_of "${library#*=}")"
    done
    printf '[platform_tool_requires]\npkgconf/2.1.0\n'
} >"$profile"
for shared in False True; do
    "$work/python/bin/conan" create pkgconfig/conan --profile:all "$profile" --no-remote -o "cellseg/*:shared=$shared" \
        -c "tools.cmake.cmake_layout:test_folder=$work/test-$shared" >"$work/log" 2>&1 || { tail -n 40 "$work/log"; exit 1; }
    grep "libcellseg .*: works" "$work/log"
done
