#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Run one fuzzer and print a line of figures; exit 1 if it found a fault. Usage: run.sh FOLDER SECONDS NAME
# FOLDER is that of build.sh. The corpus grows in FOLDER/corpus/NAME, a fault's input goes to FOLDER/faults, what libFuzzer says to FOLDER/NAME.log.
set -u
[ $# = 3 ] || { echo "usage: run.sh FOLDER SECONDS NAME" >&2; exit 2; }
folder=$1 seconds=$2 name=$3
cd "$(dirname "$0")/../.." || exit 1
mkdir -p "$folder/corpus/$name" "$folder/faults"
set -- "$folder/corpus/$name" "$folder/seeds/$name"
[ ! -d "tests/data/fuzz/$name" ] || set -- "$@" "tests/data/fuzz/$name"
[ ! -e "$folder/seeds/$name.dict" ] || set -- "-dict=$folder/seeds/$name.dict" "$@"

# An allocation of more than 2 GB, an input of more than 20 s and a leak are faults, too.
timeout $((seconds + 300)) "$folder/build/tests/$name" -max_total_time="$seconds" -max_len=4096 -timeout=20 -rss_limit_mb=2048 \
    -print_final_stats=1 -artifact_prefix="$folder/faults/$name-" "$@" >"$folder/$name.log" 2>&1
code=$?
last=$(grep ' cov: ' "$folder/$name.log" | tail -n 1)
figure() {
    echo "$last" | sed -n "s/.* $1: *\([0-9]*\).*/\1/p"
}
executions=$(echo "$last" | sed 's/^#\([0-9]*\).*/\1/')
result=ok
[ $code = 0 ] || result="FAULT: $(grep -m 1 -E 'does not hold|ERROR: |runtime error' "$folder/$name.log" | cut -c 1-200) ($folder/$name.log)"
printf '%-18s %9s executions %6s/s %6s edges %7s features  %s\n' "$name" "${executions:-0}" "$((${executions:-0} / (seconds + 1)))" \
    "$(figure cov)" "$(figure ft)" "$result"
[ $code = 0 ]
