/* SPDX-License-Identifier: BSD-3-Clause */
/* Random bits as a function of seed and counter: splitmix64 (Steele, Lea and Flood 2014). Cost: 3 products. */
#include "core/core.h"

uint64_t cseg_random_bits(uint64_t seed, uint64_t counter) {
    uint64_t z = (seed ^ 0x9e3779b97f4a7c15ULL) * 0xbf58476d1ce4e5b9ULL + counter * 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}
