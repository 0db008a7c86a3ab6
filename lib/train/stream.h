/* SPDX-License-Identifier: BSD-3-Clause */
/* Random numbers of training: splitmix64 (Steele, Lea and Flood 2014). Inside the training room only. */
#ifndef CSEG_TRAIN_STREAM_H
#define CSEG_TRAIN_STREAM_H

#include <stdint.h>

static inline uint64_t cseg_stream_next(uint64_t *state) {
    uint64_t z = (*state += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

/* In [0, 1). */
static inline double cseg_stream_uniform(uint64_t *state) {
    return (double)(cseg_stream_next(state) >> 11) * 0x1p-53;
}

/* A separate stream for each (seed, epoch, index), so that patches can be drawn in any order on any thread. */
static inline uint64_t cseg_stream_new(uint64_t seed, uint64_t epoch, uint64_t index) {
    uint64_t state = seed;
    state = cseg_stream_next(&state) ^ epoch;
    state = cseg_stream_next(&state) ^ index;
    return cseg_stream_next(&state);
}

/* From 1 / range to range, above and below 1 with equal probability. */
double cseg_stream_factor(double range, uint64_t *random);

/* 0 with probability 0.5, else uniform up to `max`. */
double cseg_stream_amount(double max, uint64_t *random);

#endif
