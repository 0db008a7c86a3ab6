/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * 3x3 convolution by Winograd's minimal filtering F(4x4, 3x3) (Lavin and Gray, CVPR 2016): 4 x 4 output pixels from 6 x 6 input
 * pixels with 36 multiplications instead of 144. Input patches and filters are transformed; at each of the 36 positions the
 * channels then meet in a matrix product; its results are transformed back. A block of patches goes through all three steps
 * before the next, so that what lies between them stays in the second-level cache. Cost: a quarter of the direct multiply-adds,
 * and the transforms, about 250 operations per patch and channel of input and of output. Error: about 20 times that of the direct
 * sum, 2e-5 of the output's spread.
 */
#include "tensor/conv.h"

enum { POSITIONS = 36, PATCH = 4, GROUP = 16, BLOCK = 28 };

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

static size_t whole_groups(size_t channels) {
    return (channels + GROUP - 1) / GROUP * GROUP;
}

/* Positions lie one cache line more than a block apart, so that they do not all fall on the same lines of the cache. */
static size_t position_step(size_t patches, size_t channels) {
    return patches * whole_groups(channels) + GROUP;
}

/* Patches that go together: as many whole tiles as fit. */
static size_t block_patches(const cseg_kernels *k) {
    return k->rows > BLOCK ? k->rows : BLOCK / k->rows * k->rows;
}

bool cseg_winograd_pays(size_t kernel, size_t depth, size_t channels) {
    return kernel == 3 && depth >= GROUP && channels >= GROUP;
}

size_t cseg_winograd_scratch_floats(const cseg_kernels *k, size_t depth, size_t channels) {
    return POSITIONS * (position_step(block_patches(k), depth) + position_step(block_patches(k), channels));
}

/* G g: six values from three. */
static void transform_filter(double u[6], double g0, double g1, double g2) {
    const double even = g0 + g2, far_even = g0 + 4 * g2;
    u[0] = g0 / 4;
    u[1] = -(even + g1) / 6;
    u[2] = -(even - g1) / 6;
    u[3] = (far_even + 2 * g1) / 24;
    u[4] = (far_even - 2 * g1) / 24;
    u[5] = g2;
}

/* One filter's 36 values, `step` floats apart. */
static void pack_filter(float *packed, size_t step, const float *weights, ptrdiff_t tap_step) {
    double half[3][6];
    for (ptrdiff_t x = 0; x < 3; x++)
        transform_filter(half[x], (double)weights[x * tap_step], (double)weights[(3 + x) * tap_step],
                         (double)weights[(6 + x) * tap_step]);
    for (size_t y = 0; y < 6; y++) {
        double u[6];
        transform_filter(u, half[0][y], half[1][y], half[2][y]);
        for (size_t x = 0; x < 6; x++)
            packed[(y * 6 + x) * step] = (float)u[x];
    }
}

size_t cseg_winograd_panels_floats(const cseg_kernels *k, const cseg_panels *p) {
    cseg_panels position = *p;
    position.taps = POSITIONS;
    return cseg_panels_floats(k, &position);
}

/* [position][panel][depth][column] */
void cseg_winograd_panels_pack(const cseg_kernels *k, float *packed, const float *weights, const cseg_panels *p) {
    const size_t step = cseg_winograd_panels_floats(k, p) / POSITIONS;
    for (size_t first = 0; first < p->channels; first += k->columns)
        for (size_t d = 0; d < p->depth; d++)
            for (size_t c = first; c < first + k->columns; c++, packed++)
                if (c < p->channels)
                    pack_filter(packed, step, weights + d * p->depth_step + c * p->channel_step, p->tap_step);
                else
                    for (size_t i = 0; i < POSITIONS; i++)
                        packed[i * step] = 0;
}

/* Where a patch lies: patches are counted through rows, columns and images. */
typedef struct place {
    size_t image, y, x; /* output pixel */
} place;

static place place_of(const cseg_walk *w, size_t patch) {
    const size_t across = (w->width + PATCH - 1) / PATCH, down = (w->height + PATCH - 1) / PATCH;
    return (place){.image = patch / (across * down), .y = patch / across % down * PATCH, .x = patch % across * PATCH};
}

/* The 36 matrix products of a block of patches. */
static void multiply(const cseg_kernels *k, const cseg_walk *w, const float *v, size_t v_step, float *m, size_t m_step,
                     size_t patches) {
    const size_t depth = w->tile.count[2], v_row = whole_groups(depth), m_row = whole_groups(w->channels);
    const size_t tiles = (patches + k->rows - 1) / k->rows;
    cseg_tile tile = {.a_row = v_row, .c_row = m_row, .count = {1, 1, depth}, .a_step = {0, 0, 1}, .b_step = {0, 0, k->columns}};
    tile.b = w->packed;
    for (size_t position = 0; position < POSITIONS; position++)
        for (size_t channel = 0; channel < w->channels; channel += k->columns, tile.b += depth * k->columns) {
            tile.columns = smaller(k->columns, m_row - channel);
            for (size_t i = 0; i < tiles; i++) {
                const size_t patch = i * patches / tiles;
                tile.rows = (i + 1) * patches / tiles - patch;
                tile.a = v + position * v_step + patch * v_row;
                tile.c = m + position * m_step + patch * m_row + channel;
                k->tile(&tile);
            }
        }
}

static void run_block(const cseg_kernels *k, const cseg_walk *w, size_t first, size_t patches, float *scratch) {
    const size_t depth = w->tile.count[2], v_row = whole_groups(depth), m_row = whole_groups(w->channels);
    const size_t v_step = position_step(patches, depth), m_step = position_step(patches, w->channels);
    float *v = scratch, *m = scratch + POSITIONS * v_step;
    for (size_t i = 0; i < patches; i++) {
        const place at = place_of(w, first + i);
        const float *in = w->in.data + at.image * w->in.image + at.y * w->in.row + at.x * w->in.pixel;
        k->winograd_in(v + i * v_row, v_step, in, w->in.row, w->in.pixel, depth, w->height + 2 - at.y, w->width + 2 - at.x);
    }
    multiply(k, w, v, v_step, m, m_step, patches);
    const cseg_winograd_store store = {.row = w->out.row,
                                       .pixel = w->out.pixel,
                                       .channels = w->channels,
                                       .m_step = m_step,
                                       .bias = w->tile.start,
                                       .accumulate = w->accumulate,
                                       .relu = w->tile.relu};
    for (size_t i = 0; i < patches; i++) {
        const place at = place_of(w, first + i);
        float *out = w->out.data + at.image * w->out.image + at.y * w->out.row + at.x * w->out.pixel;
        k->winograd_out(out, m + i * m_row, &store, smaller(PATCH, w->height - at.y), smaller(PATCH, w->width - at.x));
    }
}

void cseg_winograd_run(const cseg_kernels *k, const cseg_walk *w, float *scratch) {
    const size_t across = (w->width + PATCH - 1) / PATCH, down = (w->height + PATCH - 1) / PATCH;
    const size_t patches = w->images * across * down, most = block_patches(k), blocks = (patches + most - 1) / most;
    for (size_t i = 0; i < blocks; i++) {
        const size_t first = i * patches / blocks;
        run_block(k, w, first, (i + 1) * patches / blocks - first, scratch);
    }
}
