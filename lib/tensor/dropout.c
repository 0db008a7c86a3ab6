/* SPDX-License-Identifier: BSD-3-Clause */
/* Dropout (Srivastava et al. 2014), scaled when training. Each element's fate is a hash (splitmix64, Steele et al. 2014) of the
 * seed and its index, so that backward needs no memory of it and no order matters. */
#include "tensor/tensor.h"

static uint64_t hash(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

void cseg_dropout(const cseg_tensor *out, const cseg_tensor *in, double rate, uint64_t seed) {
    assert(rate >= 0 && rate < 1 && out->channels == in->channels);
    assert(out->images == in->images && out->height == in->height && out->width == in->width);
    const float kept = (float)(1.0 / (1.0 - rate));
    const uint64_t threshold = (uint64_t)(rate * 0x1p32), start = hash(seed);
    uint64_t index = 0;
    for (size_t i = 0; i < in->images; i++)
        for (size_t y = 0; y < in->height; y++)
            for (size_t x = 0; x < in->width; x++) {
                float *to = out->data + i * out->image + y * out->row + x * out->pixel;
                const float *from = in->data + i * in->image + y * in->row + x * in->pixel;
                for (size_t c = 0; c < in->channels; c++, index++) {
                    const bool keep = hash(start + index * 0x9e3779b97f4a7c15ULL) >> 32 >= threshold;
                    to[c] = from[c] * (keep ? kept : 0.0F);
                }
            }
}
