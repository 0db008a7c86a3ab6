/* SPDX-License-Identifier: BSD-3-Clause */
/* Augmentation amounts, each from one uniform number, so that every draw advances a stream by the same step. */
#include "train/stream.h"

#include "core/core.h"

double cseg_stream_factor(double range, uint64_t *random) {
    return cseg_math_exp((2 * cseg_stream_uniform(random) - 1) * cseg_math_log(range));
}

double cseg_stream_amount(double max, uint64_t *random) {
    const double u = 2 * cseg_stream_uniform(random) - 1;
    return u > 0 ? u * max : 0;
}
