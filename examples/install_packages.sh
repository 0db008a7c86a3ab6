#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Install what is missing of the Debian packages named in tests/packages.txt. Usage: install_packages.sh GROUP...
set -eu
here=$(cd "$(dirname "$0")" && pwd)
missing=
for group in "$@"; do
    for package in $(sed -n "s/^$group: //p" "$here/../tests/packages.txt"); do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed' || missing="$missing $package"
    done
done
[ -z "$missing" ] && exit 0
as_root=
[ "$(id -u)" = 0 ] || as_root=sudo
echo "installing:$missing"
$as_root apt-get update -qq
# shellcheck disable=SC2086 # a list of names
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
