#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The part of the lines of lib/ that the tests run, by gcov; fails below the floor. Usage: coverage.sh [BUILD]
set -eu
cd "$(dirname "$0")/.."
build=${1:-build-coverage}
CC=gcc cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=None -DCMAKE_C_FLAGS="-O1 --coverage"
cmake --build "$build"
find "$build" -name '*.gcda' -delete
ctest --test-dir "$build" --output-on-failure --parallel "$(nproc)"
/usr/bin/python3 tests/coverage.py "$build"
