/* SPDX-License-Identifier: BSD-3-Clause */
/* Dropout (Srivastava et al. 2014), scaled when training. A hash (splitmix64, Steele et al. 2014) of seed and index decides each
 * element, so that backward stores nothing and the order of elements does not matter. */
#include "tensor/tensor_kernels.h"

/* Four channels of a pixel share a hash, 16 bits each: the rate is exact to 1 in 65536. */
enum { SHARE = 4 };

void cseg_dropout_apply(const cseg_kernels *k, const cseg_tensor *out, const cseg_tensor *in, double rate, uint64_t seed) {
    assert(rate >= 0 && rate < 1 && out->channels == in->channels);
    assert(out->images == in->images && out->height == in->height && out->width == in->width);
    const uint64_t hashes = (in->channels + SHARE - 1) / SHARE;
    uint64_t index = 0;
    for (size_t i = 0; i < in->images; i++)
        for (size_t y = 0; y < in->height; y++, index += in->width * hashes)
            k->dropout_row(out->data + i * out->image + y * out->row, out->pixel, in->data + i * in->image + y * in->row,
                           in->pixel, in->width, in->channels, seed, index, (uint32_t)(rate * 65536),
                           (float)(1.0 / (1.0 - rate)));
}
