/* SPDX-License-Identifier: BSD-3-Clause */
/* Our exp, log and atan2 against the C library's in long double. */
#include "testing.h"

#include <float.h>
#include <math.h>

static double ulps(double value, long double truth) {
    const double nearest = (double)truth;
    return (double)(fabsl((long double)value - truth) / (nextafter(fabs(nearest), INFINITY) - fabs(nearest)));
}

static void exp_is_within_two_ulps(void **state) {
    (void)state;
    uint64_t seed = 1;
    for (int i = 0; i < 200000; i++) {
        const double x = (test_uniform(&seed) - 0.5) * 1400;
        assert_true(ulps(cseg_math_exp(x), expl((long double)x)) < 2.0);
    }
    assert_true(cseg_math_exp(0) == 1);
    assert_true(isinf(cseg_math_exp(710)) && cseg_math_exp(-750) == 0 && isnan(cseg_math_exp(NAN)));
}

static void log_is_within_one_ulp(void **state) {
    (void)state;
    uint64_t seed = 2;
    for (int i = 0; i < 200000; i++) {
        const double x = cseg_math_exp((test_uniform(&seed) - 0.5) * 1400);
        assert_true(ulps(cseg_math_log(x), logl((long double)x)) < 1.0);
    }
    assert_true(cseg_math_log(1) == 0);
    assert_true(ulps(cseg_math_log(DBL_MIN / 1024), logl((long double)DBL_MIN / 1024)) < 1.0);
}

static void atan2_is_within_two_ulps(void **state) {
    (void)state;
    uint64_t seed = 3;
    for (int i = 0; i < 300000; i++) {
        double y = test_uniform(&seed) - 0.5, x = test_uniform(&seed) - 0.5;
        if (i % 3 == 1)
            y *= cseg_math_exp((test_uniform(&seed) - 0.5) * 100);
        if (i % 3 == 2)
            x = floor(x * 20), y = floor(y * 20);
        if (x != 0 || y != 0)
            assert_true(ulps(fabs(cseg_math_atan2(y, x)), fabsl(atan2l((long double)y, (long double)x))) < 2.0);
        assert_true(y == 0 || (cseg_math_atan2(y, x) > 0) == (y > 0));
    }
    assert_true(cseg_math_atan2(0, 0) == 0 && cseg_math_atan2(0, 3) == 0 && cseg_math_atan2(0, -3) == acos(-1.0));
    assert_true(cseg_math_atan2(2, 0) == asin(1.0) && cseg_math_atan2(-2, 0) == -asin(1.0) && cseg_math_atan2(1, 1) == atan(1.0));
    assert_true(cseg_math_atan2(2, -0.0) == asin(1.0) && cseg_math_atan2(-0.0, -3) == acos(-1.0) &&
                cseg_math_atan2(-0.0, -0.0) == 0);
    assert_true(cseg_math_atan2(1e300, 1e-300) == asin(1.0) && cseg_math_atan2(1e-300, -1e300) == acos(-1.0));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exp_is_within_two_ulps),
        cmocka_unit_test(log_is_within_one_ulp),
        cmocka_unit_test(atan2_is_within_two_ulps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
