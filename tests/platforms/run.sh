#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Build the library for another platform, run its C tests, and compare the result files of one example with those of this machine.
# Usage: run.sh PLATFORM [WORK [TESTS]]; run.sh lists the platforms
# PLATFORM: a toolchain file of this folder. Where that names an architecture of Debian, an apt with folders of its own fetches its
# libraries; elsewhere tests/dependencies.sh builds them. WORK: the folder to build in, which stays. TESTS: a regular expression of
# ctest's, for C tests beside those of kernels, files and measures, which always run; an emulator takes hours for all.
# tests/packages.txt lists the packages that a platform needs, in a group of its name.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
if [ ! -e "$here/${1:-}.cmake" ]; then
    echo "usage: run.sh PLATFORM [WORK [TESTS]]; a platform is one of:" >&2
    (cd "$here" && grep -l CMAKE_SYSTEM_PROCESSOR -- *.cmake | sed 's/\.cmake$//') >&2
    exit 2
fi
platform=$1
work=${2:-$(mktemp -d)}
tests='^(examples/results$|tensor/|filter/|morph/test_rows|nn/test_(bytes|model_file)|io/test_|measure/test_measure|metrics/|core/test_fmath)'
[ $# -lt 3 ] || tests="$tests|$3"
mkdir -p "$work"
work=$(cd "$work" && pwd)
[ $# -gt 1 ] || trap 'rm -rf "$work"' EXIT

foreign_apt() { # architecture, then a command
    architecture=$1
    shift
    apt-get -qq -o APT::Architecture="$architecture" -o APT::Architectures="$architecture" -o APT::Sandbox::User=root \
        -o APT::Install-Recommends=no -o Dir::State="$root/apt" -o Dir::State::status="$root/apt/status" -o Dir::Cache="$root/apt" \
        -o Acquire::Languages=none -o Acquire::Retries=3 "$@"
}
fetch_libraries() { # architecture
    mkdir -p "$root/apt/lists/partial" "$root/apt/archives/partial"
    : >"$root/apt/status"
    foreign_apt "$1" update || true # where one of the mirrors is not ready, the others serve
    foreign_apt "$1" install -y --download-only libc6-dev libgcc-12-dev libtiff-dev libpng-dev libexpat1-dev zlib1g-dev \
        libcjson-dev libcmocka-dev
    for package in "$root"/apt/archives/*.deb; do
        dpkg -x "$package" "$root"
    done
    find "$root" -type l -lname '/*' | while read -r link; do # absolute links lead into this machine's folders
        ln -sfn "$root$(readlink "$link")" "$link"
    done
}

# The build of this machine serves all platforms of a folder.
sh examples/install_packages.sh build tests "$platform"
[ -e "$work/native/CMakeCache.txt" ] || cmake -S . -B "$work/native" -G Ninja -DCMAKE_BUILD_TYPE=Release
cmake --build "$work/native" --target cellseg_command_line
ctest --test-dir "$work/native" -R '^examples/results$' --no-tests=error --output-on-failure

root=$work/$platform/root
export PLATFORM_ROOT="$root"
architecture=$(sed -n 's/^set(debian_architecture \(.*\))$/\1/p' "$here/$platform.cmake")
if [ ! -e "$root/ready" ]; then
    if [ -n "$architecture" ]; then
        fetch_libraries "$architecture"
    else
        CMAKE_TOOLCHAIN_FILE=$here/$platform.cmake sh tests/dependencies.sh "$root"
    fi
    touch "$root/ready"
fi

configure() { # folder of the build, type
    cmake -S . -B "$1" -G Ninja -DCMAKE_TOOLCHAIN_FILE="$here/$platform.cmake" -DCMAKE_COMPILE_WARNING_AS_ERROR=ON -DCMAKE_BUILD_TYPE="$2"
}
build=$work/$platform/build
configure "$build" Release
cmake --build "$build"
configure "$build-O2" RelWithDebInfo # as distributions compile: gcc vectorises other loops, and has failed on one that -O3 compiles
cmake --build "$build-O2" --target cellseg
ctest --test-dir "$build" -LE python -R "$tests" --timeout 7200 --no-tests=error --output-on-failure --parallel "$(nproc)"
diff "$work/native/tests/results/sums" "$build/tests/results/sums"
