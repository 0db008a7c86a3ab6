/* SPDX-License-Identifier: BSD-3-Clause */
/* The processor's level, and the number of processors this process may use. */
#include "core/context.h"
#include "core/system.h"

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

bool cseg_cpu_has_blas(void) {
#if defined(CSEG_BLAS)
    return true;
#else
    return false;
#endif
}

/* With a fused multiply-add the portable row is about as fast as BLAS, and exact. */
static int32_t fastest(void) {
    const int32_t best = cseg_cpu_best();
#if defined(CSEG_FAST_FMA)
    return best;
#else
    return best == CELLSEG_CPU_PORTABLE && cseg_cpu_has_blas() ? CELLSEG_CPU_BLAS : best;
#endif
}

int32_t cseg_cpu_level(int32_t option_value) {
    return option_value == CELLSEG_CPU_BEST ? cseg_cpu_best() : option_value == CELLSEG_CPU_FASTEST ? fastest() : option_value;
}

int32_t cseg_cpu_count(void) {
    const int32_t allowed = cseg_system_processors(), quota = cseg_cgroup_cpus("");
    const int32_t cpus = quota < allowed ? quota : allowed;
    return cpus < 1 ? 1 : cpus > 1024 ? 1024 : cpus;
}
