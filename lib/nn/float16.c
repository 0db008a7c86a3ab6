/* SPDX-License-Identifier: BSD-3-Clause */
#include "nn/float16.h"

#include <string.h>

uint16_t cseg_float16_from_float(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    const uint32_t sign = bits >> 16 & 0x8000U;
    const uint32_t magnitude = bits & 0x7fffffffU;
    if (magnitude > 0x7f800000U)
        return (uint16_t)(sign | 0x7e00U); /* NaN */
    if (magnitude >= 0x477ff000U)
        return (uint16_t)(sign | 0x7c00U); /* 65520 and on round to infinity */
    uint32_t mantissa, drop, base;
    if (magnitude >= 0x38800000U) { /* normal: rebias the exponent by 112, keep 10 bits of 23 */
        mantissa = magnitude - 0x38000000U;
        drop = 13;
        base = mantissa >> drop;
    } else { /* subnormal: units of 2^-24 */
        const uint32_t exponent = magnitude >> 23;
        if (exponent < 102)
            return (uint16_t)sign;
        mantissa = (magnitude & 0x7fffffU) | 0x800000U;
        drop = 126 - exponent;
        base = mantissa >> drop;
    }
    const uint32_t rest = mantissa & ((1U << drop) - 1U), middle = 1U << (drop - 1);
    base += rest > middle || (rest == middle && (base & 1U) != 0);
    return (uint16_t)(sign | base);
}

float cseg_float16_to_float(uint16_t half) {
    const uint32_t sign = (uint32_t)(half & 0x8000U) << 16, exponent = half >> 10 & 0x1fU, mantissa = half & 0x3ffU;
    uint32_t bits;
    if (exponent == 0) {
        const float magnitude = (float)mantissa * 0x1p-24F;
        memcpy(&bits, &magnitude, sizeof bits);
    } else if (exponent == 31) {
        bits = 0x7f800000U | mantissa << 13;
    } else {
        bits = (exponent + 112) << 23 | mantissa << 13;
    }
    bits |= sign;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}
