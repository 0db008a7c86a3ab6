#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Formatting, clang-tidy, and every public header alone as C99 and as C++. Usage: check_c.sh BUILD (a CMake build with compile_commands.json)
set -u
cd "$(dirname "$0")/../.." || exit 1
build=$1
failed=0

git ls-files '*.c' '*.h' | xargs clang-format --dry-run -Werror || failed=1

for header in include/cellseg/*.h; do
    echo "#include <cellseg/$(basename "$header")>" >"$build/alone.c"
    cc -std=c99 -pedantic -Wall -Wextra -Werror -Iinclude -fsyntax-only "$build/alone.c" || failed=1
    c++ -std=c++11 -x c++ -pedantic -Wall -Wextra -Werror -Iinclude -fsyntax-only "$build/alone.c" || failed=1
done

# Assertions stay: they tell the analyser what holds.
git ls-files 'lib/*.c' 'examples/*.c' | xargs -P "$(nproc)" -n 4 clang-tidy -p "$build" --extra-arg=-UNDEBUG --quiet 2>/dev/null || failed=1
exit $failed
