/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The transforms of Winograd's F(4x4, 3x3), written once for all vector widths; see winograd.c. Included after the definitions
 * that tile.h lists, and vec_scaled_add(s, b, c)      s * b + c, s a power of two: the product is exact, so it may be fused or
 * not
 */

/* B^T d of Lavin and Gray, with every factor a power of two. */
TARGET static inline __attribute__((always_inline)) void transform_in(vec t[6], const vec d[6]) {
    const vec even = d[4] - d[2], odd = d[3] - d[1];
    const vec far_even = vec_scaled_add(-4, d[2], d[4]), far_odd = vec_scaled_add(-4, d[1], d[3]);
    t[0] = vec_scaled_add(4, d[0] - d[2], even);
    t[1] = far_even + far_odd;
    t[2] = far_even - far_odd;
    t[3] = vec_scaled_add(2, odd, even);
    t[4] = vec_scaled_add(-2, odd, even);
    t[5] = vec_scaled_add(-4, odd, d[5] - d[3]);
}

/* A^T m. */
TARGET static inline __attribute__((always_inline)) void transform_out(vec o[4], const vec m[6]) {
    const vec even = m[1] + m[2], odd = m[1] - m[2], far_even = m[3] + m[4], far_odd = m[3] - m[4];
    o[0] = m[0] + even + far_even;
    o[1] = vec_scaled_add(2, far_odd, odd);
    o[2] = vec_scaled_add(4, far_even, even);
    o[3] = vec_scaled_add(8, far_odd, odd) + m[5];
}

/* n: lanes; height, width: how much of the 6 x 6 patch lies in the image, the rest is zero. */
TARGET static inline __attribute__((always_inline)) void patch_in(float *v, size_t v_step, const float *in, size_t row,
                                                                  size_t pixel, size_t n, size_t height, size_t width) {
    vec half[6][6]; /* [x][ty] */
    for (size_t x = 0; x < 6; x++) {
        vec d[6];
        for (size_t y = 0; y < 6; y++)
            d[y] = y < height && x < width ? vec_load(in + y * row + x * pixel, n) : vec_zero();
        transform_in(half[x], d);
    }
    for (size_t y = 0; y < 6; y++) {
        vec d[6], t[6];
        for (size_t x = 0; x < 6; x++)
            d[x] = half[x][y];
        transform_in(t, d);
        for (size_t x = 0; x < 6; x++)
            vec_store(v + (y * 6 + x) * v_step, t[x], WIDTH);
    }
}

TARGET static void winograd_in(float *v, size_t v_step, const float *in, size_t row, size_t pixel, size_t channels, size_t height,
                               size_t width) {
    for (size_t c = 0; c < channels; c += WIDTH)
        if (channels - c >= WIDTH && height >= 6 && width >= 6)
            patch_in(v + c, v_step, in + c, row, pixel, WIDTH, 6, 6);
        else
            patch_in(v + c, v_step, in + c, row, pixel, channels - c < WIDTH ? channels - c : WIDTH, height, width);
}

TARGET static inline __attribute__((always_inline)) void patch_out(float *out, const float *m, const cseg_winograd_store *s,
                                                                   size_t c, size_t n, size_t height, size_t width) {
    vec half[4][6]; /* [y][tx] */
    for (size_t x = 0; x < 6; x++) {
        vec column[6], o[4];
        for (size_t y = 0; y < 6; y++)
            column[y] = vec_load(m + (y * 6 + x) * s->m_step, WIDTH);
        transform_out(o, column);
        for (size_t y = 0; y < 4; y++)
            half[y][x] = o[y];
    }
    const vec bias = s->bias == NULL ? vec_zero() : vec_load(s->bias + c, n);
    for (size_t y = 0; y < height; y++) {
        vec o[4];
        transform_out(o, half[y]);
        for (size_t x = 0; x < 4; x++) {
            if (x >= width)
                break;
            float *to = out + y * s->row + x * s->pixel;
            const vec value = o[x] + (s->accumulate ? vec_load(to, n) : bias);
            vec_store(to, s->relu ? vec_relu(value) : value, n);
        }
    }
}

TARGET static void winograd_out(float *out, const float *m, const cseg_winograd_store *s, size_t height, size_t width) {
    for (size_t c = 0; c < s->channels; c += WIDTH)
        if (s->channels - c >= WIDTH && height >= 4 && width >= 4)
            patch_out(out + c, m + c, s, c, WIDTH, 4, 4);
        else
            patch_out(out + c, m + c, s, c, s->channels - c < WIDTH ? s->channels - c : WIDTH, height, width);
}
