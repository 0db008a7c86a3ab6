/* SPDX-License-Identifier: BSD-3-Clause */
/* The processor's level, and the number of cores this process may use. */
#include "core/context.h"

#include <unistd.h>

int32_t cseg_cpu_best(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("fma"))
        return CELLSEG_CPU_AVX512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return CELLSEG_CPU_AVX2;
    return CELLSEG_CPU_PORTABLE;
#elif defined(__aarch64__)
    return CELLSEG_CPU_NEON;
#else
    return CELLSEG_CPU_PORTABLE;
#endif
}

int32_t cseg_cpu_count(void) {
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores < 1 ? 1 : cores > 1024 ? 1024 : (int32_t)cores;
}
