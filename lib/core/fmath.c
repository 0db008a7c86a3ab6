/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * exp and log in plain double arithmetic, in one fixed order, so that results are the same bytes whatever the C library. Argument
 * reduction and the log polynomial follow fdlibm (Sun Microsystems, 1993: e_exp.c, e_log.c); exp sums its Taylor series, which on
 * |r| <= ln(2)/2 needs 13 terms for full precision. Cost: about 20 operations.
 */
#include "core/core.h"

#include <math.h>
#include <string.h>

static const double ln2_hi = 6.93147180369123816490e-01; /* low 32 bits zero: k * ln2_hi is exact */
static const double ln2_lo = 1.90821492927058770002e-10;

static double power_of_two(int exponent) {
    const uint64_t bits = (uint64_t)(exponent + 1023) << 52;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

double cseg_exp(double x) {
    if (!(x < 709.78))
        return x != x ? x : (double)INFINITY;
    if (x < -745.0)
        return 0.0;
    const double scaled = x * 1.44269504088896338700e+00;
    const int k = (int)(scaled + (scaled < 0 ? -0.5 : 0.5));
    const double r = (x - k * ln2_hi) - k * ln2_lo;
    double sum = 1.0;
    for (int n = 13; n > 0; n--)
        sum = 1.0 + sum * (r / n);
    /* Two factors, since 2^k alone may be subnormal or overflow where the product does not. */
    const int half = k / 2;
    return sum * power_of_two(half) * power_of_two(k - half);
}

double cseg_log_e(double x) {
    static const double l1 = 6.666666666666735130e-01, l2 = 3.999999999940941908e-01, l3 = 2.857142874366239149e-01,
                        l4 = 2.222219843214978396e-01, l5 = 1.818357216161805012e-01, l6 = 1.531383769920937332e-01,
                        l7 = 1.479819860511658591e-01;
    int k = 0;
    if (x < 2.2250738585072014e-308) {
        x *= 18014398509481984.0; /* 2^54 */
        k = -54;
    }
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    k += (int)(bits >> 52) - 1023;
    bits = (bits & 0x000fffffffffffffULL) | 0x3ff0000000000000ULL;
    double m;
    memcpy(&m, &bits, sizeof m);
    if (m > 1.41421356237309504880) {
        m *= 0.5;
        k++;
    }
    const double f = m - 1.0;
    const double s = f / (2.0 + f), z = s * s;
    const double tail = z * (l1 + z * (l2 + z * (l3 + z * (l4 + z * (l5 + z * (l6 + z * l7))))));
    const double half_square = 0.5 * f * f;
    return k * ln2_hi - ((half_square - (s * (half_square + tail) + k * ln2_lo)) - f);
}
