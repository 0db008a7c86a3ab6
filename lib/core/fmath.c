/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * exp, log and atan2 in double arithmetic in one fixed order, so that results do not depend on the C library. Argument reduction
 * and the polynomials of log and atan follow fdlibm (Sun Microsystems, 1993: e_exp.c, e_log.c, s_atan.c); exp sums its Taylor
 * series, which on |r| <= ln(2)/2 needs 13 terms for full precision. Cost: about 20 operations.
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

double cseg_math_exp(double x) {
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

double cseg_math_log(double x) {
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

/* atan(x) for x >= 0; the addition theorem about 0, 1/2, 1, 3/2 or infinity reduces x to |r| <= 7/16. */
static double arc_tangent(double x) {
    static const double coefficients[] = {3.33333333333329318027e-01,  -1.99999999998764832476e-01, 1.42857142725034663711e-01,
                                          -1.11111104054623557880e-01, 9.09088713343650656196e-02,  -7.69187620504482999495e-02,
                                          6.66107313738753120669e-02,  -5.83357013379057348645e-02, 4.97687799461593236017e-02,
                                          -3.65315727442169155270e-02, 1.62858201153657823623e-02};
    static const double high[] = {0, 4.63647609000806093515e-01, 7.85398163397448278999e-01, 9.82793723247329054082e-01,
                                  1.57079632679489655800e+00};
    static const double low[] = {0, 2.26987774529616870924e-17, 3.06161699786838301793e-17, 1.39033110312309984516e-17,
                                 6.12323399573676603587e-17};
    const int about = (x >= 0.4375) + (x >= 0.6875) + (x >= 1.1875) + (x >= 2.4375);
    const double reduced[] = {x, (2 * x - 1) / (2 + x), (x - 1) / (x + 1), (x - 1.5) / (1 + 1.5 * x), -1 / x};
    const double r = reduced[about], square = r * r;
    double sum = 0;
    for (int n = 10; n >= 0; n--)
        sum = coefficients[n] + square * sum;
    return high[about] - ((r * square * sum - low[about]) - r);
}

double cseg_math_atan2(double y, double x) {
    static const double pi = 3.14159265358979311600e+00, pi_low = 1.22464679914735317720e-16;
    const double up = fabs(y), aside = fabs(x); /* neither is a negative zero */
    if (up == 0 && aside == 0)
        return 0;
    double angle = arc_tangent(up / aside);
    if (x < 0)
        angle = pi - (angle - pi_low);
    return y < 0 ? -angle : angle;
}
