/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The sigmoid in plain double arithmetic, which every compiler vectorises and every processor rounds alike. Included once per row
 * of the kernel table, which defines TARGET. Cost: about 20 operations and one division per element.
 */
#include <string.h>

/* exp(x) = 2^n * exp(r), |r| <= ln(2) / 2; the error of the Taylor series to r^9 is 1e-11, far below 1/2 ulp of a float. */
TARGET static inline double exp_of(double x) {
    const double magic = 6755399441055744.0; /* 1.5 * 2^52: the sum is rounded to an integer, held in its low bits */
    const double shifted = x * 1.44269504088896338700e+00 + magic;
    const double n = shifted - magic;
    const double r = (x - n * 6.93147180369123816490e-01) - n * 1.90821492927058770002e-10;
    const double p =
        1.0 +
        r * (1.0 + r * (1.0 / 2 +
                        r * (1.0 / 6 + r * (1.0 / 24 +
                                            r * (1.0 / 120 +
                                                 r * (1.0 / 720 + r * (1.0 / 5040 + r * (1.0 / 40320 + r * (1.0 / 362880)))))))));
    uint64_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits + 1023) << 52; /* the shift drops the magic number's own bits */
    double power;
    memcpy(&power, &bits, sizeof power);
    return p * power;
}

/* Beyond +-110 the result rounds to 0 or 1, so that clamping the argument changes nothing. Each bound has a loop of its
 * own: in one loop with the rest, the bounds become branches, which do not vectorise. */
TARGET static void sigmoid(float *values, size_t count) {
    for (size_t i = 0; i < count; i++)
        values[i] = values[i] > 110.0F ? 110.0F : values[i];
    for (size_t i = 0; i < count; i++)
        values[i] = values[i] < -110.0F ? -110.0F : values[i];
    for (size_t i = 0; i < count; i++)
        values[i] = (float)(1.0 / (1.0 + exp_of(-(double)values[i])));
}
