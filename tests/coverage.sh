#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The part of the lines of lib/ that the tests run, by gcov; fails below the floor. Usage: coverage.sh [BUILD]
set -eu
cd "$(dirname "$0")/.."
build=${1:-build-coverage}
CC=gcc cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=None -DCMAKE_C_FLAGS="-O1 --coverage"
cmake --build "$build"
find "$build" -name '*.gcda' -delete
# Tests that fill a disk or link on their own fail here for gcov's sake, and pass in tests/run.sh: only the lines count.
ctest --test-dir "$build" --parallel "$(nproc)" || true
/usr/bin/python3 tests/coverage.py "$build"
