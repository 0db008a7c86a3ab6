#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The tensor room's tests on 64-bit ARM, under qemu-user. Needs the Debian packages gcc-aarch64-linux-gnu and qemu-user, and
# libcmocka0:arm64 and libcmocka-dev:arm64 unpacked (dpkg -x) into a folder:
#   tests/tensor/run_neon.sh FOLDER
set -eu
cmocka=$1
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
libraries=$cmocka/usr/lib/aarch64-linux-gnu
for test in rows conv layers; do
    aarch64-linux-gnu-gcc -std=c11 -O3 -D_POSIX_C_SOURCE=200809L -ffp-contract=off -fno-math-errno -Wall -Wextra -Wpedantic \
        -Wconversion -Wshadow -Iinclude -Ilib -Itests -I"$cmocka/usr/include" -o "$work/$test" "tests/tensor/test_$test.c" \
        lib/tensor/*.c lib/core/*.c "$libraries/libcmocka.so.0" -lm -lpthread
    qemu-aarch64 -L /usr/aarch64-linux-gnu -E LD_LIBRARY_PATH="$libraries" "$work/$test"
done
