#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Build the site, the pages of docs/ and the reference of the headers, with Doxygen. Usage: site.sh FOLDER
# Exits 1 where a public symbol has no description, or a reference leads nowhere.
set -eu
[ $# = 1 ] || { echo "usage: site.sh FOLDER" >&2; exit 2; }
mkdir -p "$1"
folder=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
version=$(sed -n 's/^#define CELLSEG_VERSION_\(MAJOR\|MINOR\|PATCH\) \([0-9]*\).*/\2/p' include/cellseg/version.h | paste -sd .)
{ cat docs/Doxyfile; printf 'PROJECT_NUMBER = %s\nOUTPUT_DIRECTORY = "%s"\n' "$version" "$folder"; } | doxygen -
