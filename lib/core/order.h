/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whole numbers that order as floating-point numbers do. The bits of a number, read as an integer, rise with the number where it
 * is positive and fall where it is negative; turning the negative ones over makes them rise everywhere (Knuth 1998, exercise
 * 5.2.5-8, for radix sorting). -0 comes right before 0; NaN has no place. Part of core.h.
 */
#ifndef CSEG_CORE_ORDER_H
#define CSEG_CORE_ORDER_H

#include <stdint.h>
#include <string.h>

/* The map is its own inverse on bits. */
static inline int32_t cseg_order_turn32(int32_t bits) {
    return bits ^ (int32_t)((uint32_t)(bits >> 31) >> 1);
}
static inline int64_t cseg_order_turn64(int64_t bits) {
    return bits ^ (int64_t)((uint64_t)(bits >> 63) >> 1);
}

static inline int32_t cseg_order_of_float(float value) {
    int32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return cseg_order_turn32(bits);
}
static inline int64_t cseg_order_of_double(double value) {
    int64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return cseg_order_turn64(bits);
}

static inline float cseg_order_to_float(int32_t order) {
    const int32_t bits = cseg_order_turn32(order);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}
static inline double cseg_order_to_double(int64_t order) {
    const int64_t bits = cseg_order_turn64(order);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

#endif
