#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Builds write the same bytes with 1, 2 and 7 threads. Usage: check_results.sh WORK BUILD...
set -eu
work=$1
first=$2
shift
for build in "$@"; do
    results=$work/$(basename "$build")
    sh "$(dirname "$0")/../examples/results.sh" "$results" "1 2 7" "$build/examples/cellseg"
    diff "$work/$(basename "$first")/sums" "$results/sums"
done
