/* SPDX-License-Identifier: BSD-3-Clause */
/* Dropout (Srivastava et al. 2014), scaled when training. Each element's fate is a hash (splitmix64, Steele et al. 2014) of the
 * seed and its index, so that backward needs no memory of it and no order matters. */
#include "tensor/tensor.h"

static uint64_t hash(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

/* Four neighbouring channels share a hash, 16 bits each: the rate is met to 1 in 65536. */
enum { SHARE = 4 };

static void drop_pixel(float *to, const float *from, size_t channels, uint64_t index, uint64_t threshold, const float fate[2]) {
    for (size_t first = 0; first < channels; first += SHARE) {
        uint64_t bits = hash(index++ * 0x9e3779b97f4a7c15ULL);
        for (size_t c = first; c < channels && c < first + SHARE; c++, bits >>= 16)
            to[c] = from[c] * fate[(bits & 0xffff) >= threshold];
    }
}

void cseg_dropout(const cseg_tensor *out, const cseg_tensor *in, double rate, uint64_t seed) {
    assert(rate >= 0 && rate < 1 && out->channels == in->channels);
    assert(out->images == in->images && out->height == in->height && out->width == in->width);
    const float fate[2] = {0.0F, (float)(1.0 / (1.0 - rate))};
    const uint64_t threshold = (uint64_t)(rate * 65536), hashes = (in->channels + SHARE - 1) / SHARE;
    uint64_t index = hash(seed);
    for (size_t i = 0; i < in->images; i++)
        for (size_t y = 0; y < in->height; y++)
            for (size_t x = 0; x < in->width; x++, index += hashes)
                drop_pixel(out->data + i * out->image + y * out->row + x * out->pixel,
                           in->data + i * in->image + y * in->row + x * in->pixel, in->channels, index, threshold, fate);
}
