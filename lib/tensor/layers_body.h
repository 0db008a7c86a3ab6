/* SPDX-License-Identifier: BSD-3-Clause */
/* The loops of pooling backward and of dropout, included once per row of the kernel table, which defines TARGET. */

/* The first element that equals the maximum takes all of d. */
INLINE_BODY float pool_share(float *left, float from, float best) {
    const bool here = from >= best;
    const float share = here ? *left : 0.0F;
    *left = here ? 0.0F : *left;
    return share;
}

INLINE_BODY void pool_pixel_backward(float *restrict to_0, float *restrict to_1, float *restrict to_2, float *restrict to_3,
                                     const float *restrict d, const float *restrict from_0, const float *restrict from_1,
                                     const float *restrict from_2, const float *restrict from_3, size_t channels,
                                     const bool accumulate) {
    for (size_t c = 0; c < channels; c++) {
        float best = from_0[c], left = d[c];
        best = from_1[c] > best ? from_1[c] : best;
        best = from_2[c] > best ? from_2[c] : best;
        best = from_3[c] > best ? from_3[c] : best;
        const float share_0 = pool_share(&left, from_0[c], best), share_1 = pool_share(&left, from_1[c], best);
        const float share_2 = pool_share(&left, from_2[c], best), share_3 = pool_share(&left, from_3[c], best);
        to_0[c] = accumulate ? to_0[c] + share_0 : share_0;
        to_1[c] = accumulate ? to_1[c] + share_1 : share_1;
        to_2[c] = accumulate ? to_2[c] + share_2 : share_2;
        to_3[c] = accumulate ? to_3[c] + share_3 : share_3;
    }
}

TARGET static void pool_row_backward(float *to, const float *d, const float *from, const cseg_tensor *d_in,
                                     const cseg_tensor *d_out, const cseg_tensor *in, bool accumulate) {
    for (size_t x = 0; x < d_out->width; x++, to += 2 * d_in->pixel, d += d_out->pixel, from += 2 * in->pixel) {
        float *low_to = to + d_in->row;
        const float *low = from + in->row;
        if (accumulate)
            pool_pixel_backward(to, to + d_in->pixel, low_to, low_to + d_in->pixel, d, from, from + in->pixel, low,
                                low + in->pixel, in->channels, true);
        else
            pool_pixel_backward(to, to + d_in->pixel, low_to, low_to + d_in->pixel, d, from, from + in->pixel, low,
                                low + in->pixel, in->channels, false);
    }
}

enum { DROPOUT_CHANNELS = 256, DROPOUT_HASHES = DROPOUT_CHANNELS / 4 };

INLINE_BODY uint64_t dropout_hash(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

/* 0 or gain for up to 256 channels: the lowest 16 bits of all hashes decide the first channels, the next 16 bits the next. */
INLINE_BODY void dropout_factors(float factor[DROPOUT_CHANNELS], size_t hashes, uint64_t index, uint32_t threshold, float gain) {
    uint64_t bits[DROPOUT_HASHES];
    for (size_t h = 0; h < hashes; h++)
        bits[h] = dropout_hash((index + h) * 0x9e3779b97f4a7c15ULL);
    for (size_t quarter = 0; quarter < 4; quarter++, factor += hashes)
        for (size_t h = 0; h < hashes; h++)
            factor[h] = (uint32_t)(bits[h] >> 16 * quarter & 0xffff) >= threshold ? gain : 0.0F;
}

/* A row of pixels; see dropout.c. */
TARGET static void dropout_row(float *to, size_t to_pixel, const float *from, size_t from_pixel, size_t width, size_t channels,
                               uint64_t seed, uint64_t index, uint32_t threshold, float gain) {
    index += dropout_hash(seed);
    for (size_t x = 0; x < width; x++, to += to_pixel, from += from_pixel)
        for (size_t first = 0; first < channels; first += DROPOUT_CHANNELS) {
            const size_t n = channels - first < DROPOUT_CHANNELS ? channels - first : DROPOUT_CHANNELS, hashes = (n + 3) / 4;
            float factor[DROPOUT_CHANNELS];
            dropout_factors(factor, hashes, index, threshold, gain);
            index += hashes;
            for (size_t c = 0; c < n; c += WIDTH) {
                const size_t lanes = lanes_of(n - c);
                vec_store(to + first + c, vec_load(from + first + c, lanes) * vec_load(factor + c, lanes), lanes);
            }
        }
}
