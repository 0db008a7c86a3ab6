/* SPDX-License-Identifier: BSD-3-Clause */
/* For tests of kernel tables: the rows that this machine runs, and bytes that must be the same in all of them. */
#ifndef CSEG_TEST_ROWS_H
#define CSEG_TEST_ROWS_H

#include "testing.h"

enum { TEST_MAX_ROWS = 3 };

/* The processor levels of this machine, that of the C row first. Returns their number. */
static inline size_t test_rows(int32_t levels[TEST_MAX_ROWS]) {
    const int32_t best = cseg_cpu_best();
    size_t count = 0;
    levels[count++] = CELLSEG_CPU_PORTABLE;
    if (best == CELLSEG_CPU_AVX512)
        levels[count++] = CELLSEG_CPU_AVX2;
    if (best != CELLSEG_CPU_PORTABLE)
        levels[count++] = best;
    return count;
}

/* FNV-1a of all bytes so far; start with TEST_DIGEST. */
#define TEST_DIGEST 0xcbf29ce484222325ULL
static inline uint64_t test_digest(uint64_t h, const void *bytes, size_t size) {
    for (size_t i = 0; i < size; i++)
        h = (h ^ ((const unsigned char *)bytes)[i]) * 0x100000001b3ULL;
    return h;
}

/* The same of numbers of `size` bytes each, lowest byte first on every processor. */
static inline uint64_t test_digest_numbers(uint64_t h, const void *numbers, size_t count, size_t size) {
    const uint16_t one = 1;
    const bool little = *(const unsigned char *)&one == 1;
    for (size_t i = 0; i < count; i++)
        for (size_t b = 0; b < size; b++)
            h = test_digest(h, (const unsigned char *)numbers + i * size + (little ? b : size - 1 - b), 1);
    return h;
}

/* Fails with the kernel's name, its size and the first byte that differs. */
static inline void assert_same_bytes(const void *want, const void *have, size_t bytes, const char *name, int32_t level,
                                     size_t size) {
    const unsigned char *a = want, *b = have;
    if (memcmp(a, b, bytes) == 0)
        return;
    for (size_t i = 0; i < bytes; i++)
        if (a[i] != b[i])
            fail_msg("%s, level %d, size %zu: byte %zu is %d, not %d", name, (int)level, size, i, b[i], a[i]);
}

#endif
