#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Build what a C or Python test needs, and run it; or every test of a folder. Usage: one.sh FILE [-k NAME], one.sh FOLDER
# NAME: a part of the names of the functions to run.
set -eu
cd "$(dirname "$0")/.."
usage() {
    echo "usage: tests/one.sh FILE [-k NAME], tests/one.sh FOLDER; for instance tests/morph/test_discs.py -k octagon" >&2
    exit 2
}
[ $# = 1 ] || { [ $# = 3 ] && [ "$2" = -k ] && [ -f "$1" ]; } || usage
if [ $# = 3 ]; then
    export CSEG_TEST="*$3*" PYTEST_ADDOPTS="-k $3"
fi

path=$(echo "${1%/}" | sed 's|.*python/tests|tests/python|') # as ctest names it
file=$(basename "$path")
room=$(basename "$(dirname "$path")")
targets="cellseg cellseg_static cellseg_internal examples/all"
case $path in
*.c) targets=cellseg_${room}_${file%.c} tests="$room/${file%.c}\$" ;;
*.py) tests="$room/$file\$" ;;
*) targets=all tests="$file/" ;;
esac

sh examples/install_packages.sh build tests
[ -e build/CMakeCache.txt ] || cmake -S . -B build -G Ninja -DCMAKE_EXPORT_COMPILE_COMMANDS=ON
# shellcheck disable=SC2086 # a list of names
cmake --build build --target $targets
ctest --test-dir build --tests-regex "^$tests" --no-tests=error --verbose
