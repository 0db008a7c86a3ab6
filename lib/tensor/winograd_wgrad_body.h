/* SPDX-License-Identifier: BSD-3-Clause */
/* The transforms of winograd_wgrad.c, included once per row of the kernel table; see tensor_kernels_body.h. */

/* A d of Lavin and Gray: six values from four. */
INLINE_BODY void transform_spread(vec t[6], const vec d[4]) {
    const vec even = d[0] + d[2], odd = d[1] + d[3];
    const vec far_even = vec_scaled_add(4, d[2], d[0]), far_odd = vec_scaled_add(4, d[3], d[1]);
    t[0] = d[0];
    t[1] = even + odd;
    t[2] = even - odd;
    t[3] = vec_scaled_add(2, far_odd, far_even);
    t[4] = vec_scaled_add(-2, far_odd, far_even);
    t[5] = d[3];
}

/* 24 G^T p: three values from six. */
INLINE_BODY void transform_gather(vec g[3], const vec p[6]) {
    const vec even = p[1] + p[2], far_even = p[3] + p[4];
    const vec first = vec_scaled_add(2, p[0], p[0]), last = vec_scaled_add(2, p[5], p[5]); /* three times */
    g[0] = vec_scaled_add(2, first, vec_scaled_add(-4, even, far_even));
    g[1] = vec_scaled_add(4, p[2] - p[1], vec_scaled_add(2, p[3] - p[4], vec_zero()));
    g[2] = vec_scaled_add(8, last, vec_scaled_add(4, far_even - even, vec_zero()));
}

INLINE_BODY void patch_spread(float *m, size_t m_step, const float *d, size_t row, size_t pixel, size_t n, size_t height,
                              size_t width) {
    vec once[4][6]; /* [x][ty] */
    for (size_t x = 0; x < 4; x++) {
        vec column[4];
        for (size_t y = 0; y < 4; y++)
            column[y] = y < height && x < width ? vec_load(d + y * row + x * pixel, n) : vec_zero();
        transform_spread(once[x], column);
    }
    for (size_t y = 0; y < 6; y++) {
        vec line[4], t[6];
        for (size_t x = 0; x < 4; x++)
            line[x] = once[x][y];
        transform_spread(t, line);
        for (size_t x = 0; x < 6; x++)
            vec_store(m + (y * 6 + x) * m_step, t[x], WIDTH);
    }
}

TARGET static void winograd_spread(float *m, size_t m_step, const float *d, size_t row, size_t pixel, size_t channels,
                                   size_t height, size_t width) {
    for (size_t c = 0; c < channels; c += WIDTH)
        if (channels - c >= WIDTH && height >= 4 && width >= 4)
            patch_spread(m + c, m_step, d + c, row, pixel, WIDTH, 4, 4);
        else
            patch_spread(m + c, m_step, d + c, row, pixel, lanes_of(channels - c), height, width);
}

INLINE_BODY void sums_gather(float *to, size_t tap_step, const float *sums, size_t step, size_t n) {
    vec once[3][6]; /* [ky][x] */
    for (size_t x = 0; x < 6; x++) {
        vec column[6], g[3];
        for (size_t y = 0; y < 6; y++)
            column[y] = vec_load(sums + (y * 6 + x) * step, WIDTH);
        transform_gather(g, column);
        for (size_t ky = 0; ky < 3; ky++)
            once[ky][x] = g[ky];
    }
    for (size_t ky = 0; ky < 3; ky++) {
        vec g[3];
        transform_gather(g, once[ky]);
        for (size_t kx = 0; kx < 3; kx++) {
            float value[WIDTH];
            vec_store(value, g[kx], WIDTH);
            for (size_t c = 0; c < n; c++)
                to[(ky * 3 + kx) * tap_step + c] += value[c] * (1.0F / 576.0F);
        }
    }
}

TARGET static void winograd_gather(float *d_weights, size_t tap_step, const float *sums, size_t step, size_t channels) {
    for (size_t c = 0; c < channels; c += WIDTH)
        if (channels - c >= WIDTH)
            sums_gather(d_weights + c, tap_step, sums + c, step, WIDTH);
        else
            sums_gather(d_weights + c, tap_step, sums + c, step, channels - c);
}
