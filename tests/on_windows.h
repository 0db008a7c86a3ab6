/* SPDX-License-Identifier: BSD-3-Clause */
/* For tests on Windows: the few functions of POSIX and C11 that they use and mingw-w64 lacks. */
#ifndef CSEG_TEST_ON_WINDOWS_H
#define CSEG_TEST_ON_WINDOWS_H

#include <direct.h>
#include <io.h>
#include <math.h>
#include <stdlib.h>

#define mkdir(path, mode) _mkdir(path)

/* "/tmp" lies on the current drive. */
static inline char *mkdtemp(char *name) {
    (void)_mkdir("/tmp");
    return _mktemp(name) != NULL && _mkdir(name) == 0 ? name : NULL;
}

/* malloc() aligns to 16 bytes, which is enough: no aligned vector moves are assembled for Windows. */
#define aligned_alloc(alignment, size) malloc(size)

/* Links need a privilege. */
#define symlink(target, path) (-1)

/* mingw-w64's fmaf() rounds twice; the processor's instruction, once. */
__attribute__((target("fma"))) static inline float fused(float a, float b, float c) {
    return __builtin_fmaf(a, b, c);
}
#define fmaf(a, b, c) fused(a, b, c)

#endif
