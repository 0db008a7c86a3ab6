/* SPDX-License-Identifier: BSD-3-Clause */
/* Floating-point environments that a host may have set, and whether one holds. */
#ifndef CSEG_ENVIRONMENT_H
#define CSEG_ENVIRONMENT_H

#include "testing.h"

#include <fenv.h>
#include <float.h>

#if defined(__SSE__)
#include <xmmintrin.h>
#endif

/* The exceptions of the standard. A C library may have one more for subnormal operands, which a test's own arithmetic raises. */
enum { STANDARD_EXCEPTIONS = FE_DIVBYZERO | FE_INEXACT | FE_INVALID | FE_OVERFLOW | FE_UNDERFLOW };

enum { ENVIRONMENT_DEFAULT, ENVIRONMENT_UPWARD, ENVIRONMENT_DOWNWARD, ENVIRONMENT_TOWARDZERO, ENVIRONMENT_FLUSH, ENVIRONMENTS };

/* Subnormal results and, where the processor tells them apart, subnormal operands become zero. */
static inline void flush_subnormals(void) {
#if defined(__SSE__)
    _mm_setcsr(_mm_getcsr() | 0x8040);
#elif defined(__aarch64__)
    uint64_t control;
    __asm__ volatile("mrs %0, fpcr" : "=r"(control));
    __asm__ volatile("msr fpcr, %0" : : "r"(control | UINT64_C(1) << 24));
#endif
}

/* fenv.h of mingw-w64 leaves out the control of the vector registers. */
typedef struct test_environment {
    fenv_t standard;
    unsigned vectors;
} test_environment;

static inline int hold_environment(test_environment *held) {
#if defined(_WIN32)
    held->vectors = _mm_getcsr();
#endif
    return feholdexcept(&held->standard);
}

static inline int put_environment(const test_environment *wanted) { /* NULL: the default */
    const int failed = fesetenv(wanted != NULL ? &wanted->standard : FE_DFL_ENV);
#if defined(_WIN32)
    _mm_setcsr(wanted != NULL ? wanted->vectors : 0x1f80);
#endif
    return failed;
}

static inline void set_environment(int environment) {
    static const int modes[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO, FE_TONEAREST};
    assert_int_equal(put_environment(NULL), 0);
    assert_int_equal(fesetround(modes[environment]), 0);
    if (environment == ENVIRONMENT_FLUSH)
        flush_subnormals();
}

/* Whether arithmetic, and not merely the control register, is as the environment says. */
static inline bool environment_holds(int environment) {
    static const int modes[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO, FE_TONEAREST};
    test_environment held;
    volatile double one = 1, three = 3, smallest = DBL_MIN, subnormal = 0x1p-1060, two = 2;
    assert_int_equal(hold_environment(&held), 0);
    volatile double third = one / three, minus_third = -one / three; /* volatile: computed before the environment is put back */
    volatile double smaller = smallest / two, larger = subnormal * two;
    assert_int_equal(put_environment(&held), 0);
    const bool flushed = smaller == 0 && larger == 0;
    const bool up = third > 0x1.5555555555555p-2, down = minus_third < -0x1.5555555555555p-2;
#if defined(__SSE__) || defined(__aarch64__)
    const bool flush_wanted = environment == ENVIRONMENT_FLUSH;
#else
    const bool flush_wanted = false;
#endif
    return fegetround() == modes[environment] && flushed == flush_wanted && up == (environment == ENVIRONMENT_UPWARD) &&
           down == (environment == ENVIRONMENT_DOWNWARD);
}

#endif
