/* SPDX-License-Identifier: BSD-3-Clause */
/* Adam (Kingma and Ba 2015, algorithm 1), bias corrections folded into the step size. Cost: one pass over four arrays. */
#include "tensor/tensor.h"

#include <math.h>

static double power(double base, uint64_t exponent) {
    double result = 1.0;
    for (; exponent > 0; exponent >>= 1, base *= base)
        if (exponent & 1)
            result *= base;
    return result;
}

void cseg_adam_update(const cseg_kernels *k, float *parameters, float *m, float *v, const float *gradient, size_t count,
                      const cseg_adam *adam) {
    (void)k;
    assert(adam->step >= 1);
    const float step = (float)(adam->learning_rate / (1.0 - power(adam->beta1, adam->step)));
    const float scale = (float)(1.0 / sqrt(1.0 - power(adam->beta2, adam->step)));
    const float keep_m = (float)adam->beta1, add_m = (float)(1.0 - adam->beta1);
    const float keep_v = (float)adam->beta2, add_v = (float)(1.0 - adam->beta2);
    const float epsilon = (float)adam->epsilon;
    for (size_t i = 0; i < count; i++) {
        m[i] = keep_m * m[i] + add_m * gradient[i];
        v[i] = keep_v * v[i] + add_v * (gradient[i] * gradient[i]);
        parameters[i] -= step * m[i] / (sqrtf(v[i]) * scale + epsilon);
    }
}
