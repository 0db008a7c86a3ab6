# SPDX-License-Identifier: BSD-3-Clause
# For scripts that source this file; $work is their folder.
# Run a command that must end as stated ("passes" or "fails") with a line that holds a text.
expect() {
    end=$1 text=$2
    shift 2
    result=passes
    "$@" >"$work/log" 2>&1 || result=fails
    if [ "$result" != "$end" ] || ! tr -s '\n ' ' ' <"$work/log" | grep -q -e "$text"; then
        echo "$* $result; expected: $end with \"$text\""
        cat "$work/log"
        exit 1
    fi
}
