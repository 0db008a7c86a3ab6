/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Textures as functions of a point: value noise (random heights on the corners of a grid, smoothly interpolated), the threads
 * along its zero lines, and spots, one in each square. After Perlin, An image synthesizer, 1985, and Worley, A cellular texture
 * basis function, 1996. Cost: four hashes a point, nine for spots.
 */
#include "synth/field.h"

#include <math.h>

static inline uint64_t corner(uint64_t seed, int64_t y, int64_t x) {
    uint64_t z = seed + (uint64_t)y * 0x9e3779b97f4a7c15ULL + (uint64_t)x * 0xc2b2ae3d27d4eb4fULL;
    z = (z ^ (z >> 32)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 29)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 32);
}

static inline float height_of(uint64_t bits) {
    return (float)(bits >> 40) * 0x1p-23F - 1;
}

float cseg_noise_value(uint64_t seed, float y, float x) {
    const float floor_y = floorf(y), floor_x = floorf(x);
    const int64_t row = (int64_t)floor_y, column = (int64_t)floor_x;
    float v = y - floor_y, u = x - floor_x;
    v = v * v * (3 - 2 * v);
    u = u * u * (3 - 2 * u);
    const float a = height_of(corner(seed, row, column)), b = height_of(corner(seed, row, column + 1));
    const float c = height_of(corner(seed, row + 1, column)), d = height_of(corner(seed, row + 1, column + 1));
    const float above = a + u * (b - a), below = c + u * (d - c);
    return above + v * (below - above);
}

float cseg_noise_fibres(uint64_t seed, float y, float x, float width) {
    const float aside = fabsf(cseg_noise_value(seed, y, x)) / width;
    return aside < 1 ? (1 - aside * aside) * (1 - aside * aside) : 0;
}

/* The spot of one square, at a point (v, u) from the square's corner. */
static inline float spot(uint64_t bits, float v, float u) {
    const float y = (float)(bits & 0xffff) * 0x1p-16F - v, x = (float)(bits >> 16 & 0xffff) * 0x1p-16F - u;
    const float size = (float)(bits >> 32 & 0xffff) * 0x1p-16F, strength = (float)(bits >> 48) * 0x1p-16F;
    const float radius = 0.25F + 0.3F * size;
    const float outward = (y * y + x * x) / (radius * radius);
    return outward < 1 ? (1 - outward) * (1 - outward) * 3 * strength * strength : 0;
}

float cseg_noise_spots(uint64_t seed, float y, float x) {
    const float floor_y = floorf(y), floor_x = floorf(x);
    const int64_t row = (int64_t)floor_y, column = (int64_t)floor_x;
    float sum = 0;
    for (int dy = -1; dy <= 1; dy++)
        for (int dx = -1; dx <= 1; dx++)
            sum += spot(corner(seed, row + dy, column + dx), y - floor_y - (float)dy, x - floor_x - (float)dx);
    return sum;
}
