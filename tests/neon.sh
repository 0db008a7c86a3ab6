#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The tests of the kernel tables (tensor, filter, morph) and of the whole network's bytes, on 64-bit ARM under qemu-user. Needs the
# Debian packages gcc-aarch64-linux-gnu, libc6-dev-arm64-cross and qemu-user. cmocka for ARM is fetched by an apt with
# folders of its own, so that this machine's packages and architectures stay as they are.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

arm_apt() {
    apt-get -qq -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o APT::Sandbox::User=root -o Dir::State="$work/state" \
        -o Dir::State::status="$work/status" -o Dir::Cache="$work/cache" -o Acquire::Languages=none -o Acquire::Retries=3 "$@"
}
mkdir -p "$work/state/lists/partial" "$work/cache/archives/partial" "$work/arm" "$work/objects"
: >"$work/status"
arm_apt update
(cd "$work" && arm_apt download libcmocka0 libcmocka-dev)
for package in "$work"/*.deb; do
    dpkg -x "$package" "$work/arm"
done

# The rooms once, then each program. The flags are words; objects fall into the folder that a compiler is run in. At -O2, gcc 12.2
# for ARM vectorises other loops than at -O3, and has ended with an internal error on one that -O3 compiled.
libraries=$work/arm/usr/lib/aarch64-linux-gnu
source=$work/source # a name without spaces
ln -s "$PWD" "$source"
flags="-std=c11 -D_POSIX_C_SOURCE=200809L -ffp-contract=off -fno-math-errno -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror
    -I$source/include -I$source/lib -I$source/tests -I$work/arm/usr/include"
for level in -O2 -O3; do
    printf '%s\n' "$source"/lib/core/*.c "$source"/lib/tensor/*.c "$source"/lib/filter/*.c "$source"/lib/morph/*.c "$source"/lib/nn/*.c |
        (cd "$work/objects" && xargs -P "$(nproc)" -n 4 aarch64-linux-gnu-gcc $flags $level -c)
done
for test in tensor/test_rows tensor/test_conv tensor/test_layers filter/test_rows morph/test_rows nn/test_bytes; do
    name=$work/$(echo "$test" | tr / _)
    aarch64-linux-gnu-gcc $flags -O3 -o "$name" "tests/$test.c" "$work"/objects/*.o "$libraries/libcmocka.so.0" \
        -lm -lpthread
    qemu-aarch64 -L /usr/aarch64-linux-gnu -E LD_LIBRARY_PATH="$libraries" "$name"
done
